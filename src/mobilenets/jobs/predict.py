"""`mobilenets.predict`: answers for photographs, one by one as they come."""

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from rich.console import Console

from mobilenets.data.inputs import photographs
from mobilenets.data.photos import Photo
from mobilenets.errors import UsageError
from mobilenets.jobs.drawing import draw as draw_photos
from mobilenets.jobs.drawn_names import DrawnNames, top_of
from mobilenets.jobs.models import load_any
from mobilenets.jobs.new_folder import check_new_folder
from mobilenets.prediction.predict import Prediction
from mobilenets.prediction.predict import predict as predict_photos
from mobilenets.settings import within
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.parts import Locates
from mobilenets.tasks.protocol import Task

THRESHOLD = 0.5
"""The score from which a detection is told, where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Predictions(Iterator[Prediction]):
    """The predictions for some sources, as they come, and the task that they answer."""

    sources: tuple[str, ...]
    task: Task
    answers: Iterator[Prediction]

    def __next__(self) -> Prediction:
        return next(self.answers)

    def close(self) -> None:
        """Stop: nothing more is read."""
        if isinstance(self.answers, Generator):
            self.answers.close()


def predict(
    sources: str | Path | Sequence[str | Path],
    *,
    model: str | Path,
    batch: int = 16,
    threads: int = 0,
    device: str = "auto",
    limit: int | None = None,
    every: int = 1,
    threshold: float | None = None,
    draw: str | Path | None = None,
    weights: str | None = None,
    console: Console | None = None,
) -> Predictions:
    """Answers for files, folders, globs, zips, videos, named data sets or "-" (standard input), in that order.

    `model` is the folder of a checkpoint or of an artefact, or `timm:NAME` or `torchvision:NAME` with `weights` as
    `load_foreign` takes them; what must be said of it goes to `console`, which is standard error where unset. Of a
    video each `every`-th frame is a photograph. Memory stays bounded however many there are, and with `limit` no more
    than so many are read. One that cannot be read gives a `Prediction` with its `error`.

    A detector tells what it finds with a score of at least `threshold` (.5 where unset), and `draw` names a new folder
    for the photographs with it drawn, under the names that they have from the folder all sources lie in.

    Raises `UsageError` for a bad model, a source that is not there, or what the model's task has no use for, before
    the first answer, and `JobError` where an output is not finite or a drawing cannot be written.
    """
    _check(batch=batch, threads=threads, limit=limit, every=every, threshold=threshold)
    several = [str(source) for source in ([sources] if isinstance(sources, str | Path) else sources)]
    if draw is not None:
        check_new_folder(Path(draw), flag="--draw", sources=several)
    photos = islice(photographs(several, every=every), limit)
    loaded = load_any(model, device=device, weights=weights)
    _check_task(loaded.task, model=model, threshold=threshold, draw=draw)
    for note in loaded.notes:
        (console or Console(stderr=True)).print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    least = THRESHOLD if threshold is None else threshold
    workers = threads or os.cpu_count() or 1

    def answers(of: Iterator[Photo]) -> Generator[Prediction]:
        for prediction in predict_photos(loaded, of, batch=batch, threads=workers):
            found = prediction.answer
            told = found.above(least) if isinstance(found, Detections) else found
            yield replace(prediction, answer=told)

    if draw is None:
        return Predictions(tuple(several), loaded.task, answers(photos))
    names = DrawnNames(Path(draw), top_of(several))
    return Predictions(tuple(several), loaded.task, draw_photos(answers, photos, names, threads=workers))


def _check(*, batch: int, threads: int, limit: int | None, every: int, threshold: float | None) -> None:
    if batch < 1:
        raise UsageError(f"batch {batch} is under 1: use at least 1 photograph")
    if threads < 0:
        raise UsageError(f"threads {threads} is under 0: use 0 for one a core")
    if limit is not None and limit < 1:
        raise UsageError(f"limit {limit} is under 1: leave it out for all photographs")
    if every < 1:
        raise UsageError(f"every {every} is under 1: use 1 for all frames of a video")
    if threshold is not None:
        within("threshold", threshold, low=0, high=1)


def _check_task(task: Task, *, model: str | Path, threshold: float | None, draw: str | Path | None) -> None:
    if isinstance(task, Locates):
        return
    asked = [flag for flag, value in (("--threshold", threshold), ("--draw", draw)) if value is not None]
    if asked:
        raise UsageError(
            f"{asked[0]} is for boxes, and {model} is of the task {task.name}: leave it out or use a model of detect"
        )
