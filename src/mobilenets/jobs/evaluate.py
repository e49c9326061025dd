"""`mobilenets.evaluate`: a model scored on photographs whose truth is known."""

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from mobilenets.checkpoint import SPLIT
from mobilenets.data.audit import check_bad
from mobilenets.data.cache import Centre, Decoded, Noting
from mobilenets.data.examples import Examples, notes_of
from mobilenets.data.loader import Batches, evaluation_picks, load
from mobilenets.data.photos import Collection
from mobilenets.data.preprocess import Interpolation
from mobilenets.data.split import read_split
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.models import AnyModel, load_any
from mobilenets.jobs.neighbours import Retrieval, retrieval
from mobilenets.prediction.evaluate import Evaluation, gather
from mobilenets.prediction.evaluate import evaluate as score
from mobilenets.training.watch import counting

ALL, TRAIN = "all", "train"


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What an evaluation found. `split` says which photographs, `preprocessing` how they were shown, `shown` in words.

    There is no `loss` of a file that gives no more than answers. `bad` names the photographs that could not be read and
    why; they are not part of any score.
    """

    model: str
    data: str
    split: str
    photographs: int
    preprocessing: dict[str, Any]
    shown: str
    loss: float | None
    scores: dict[str, float]
    details: dict[str, Any]
    bad: dict[str, str]
    notes: tuple[str, ...]


def evaluate(
    data: str,
    *,
    model: str | Path,
    split: str | None = None,
    batch: int = 64,
    device: str = "auto",
    strict: bool = False,
    weights: str | None = None,
    crop: float | None = None,
    squash: bool | None = None,
    interpolation: Interpolation | None = None,
    resolution: int | None = None,
    neighbours: int | None = None,
    features: str | Path | None = None,
    console: Console | None = None,
) -> EvaluationReport:
    """Score a model on a folder (ILSVRC's among them), .zip, .csv or named data set.

    `model` is the folder of a checkpoint or of an artefact, or `timm:NAME` or `torchvision:NAME` with `weights` as
    `load_foreign` takes them. `split` is train, val, test or all; unset, val (or test) where the data is split, what
    the model's training held out where it is the same undivided data, otherwise all of it. `crop`, `squash`,
    `interpolation` and `resolution` unset are the model's own. With `neighbours`, what the nearest so many photographs
    of train vote for, by the `features` of that model, is scored beside it in `details`.

    Raises `UsageError` for a bad model, data or label, and `JobError` where over 1 % of the photographs cannot be read
    (any of them with `strict`) or an output is not finite.
    """
    if batch < 1:
        raise UsageError(f"batch {batch} is under 1: use at least 1 photograph")
    loaded = load_any(model, device=device, weights=weights, resolution=resolution)
    asked: dict[str, Any] = {"crop": crop, "squash": squash, "interpolation": interpolation}
    changed = {name: value for name, value in asked.items() if value is not None}
    loaded = replace(loaded, preprocessing=replace(loaded.preprocessing, **changed))
    collection, notes = with_training_split(loaded.task.open(data), Path(model))
    wanted = wanted_split(collection, split)
    examples = examples_of(loaded, collection, wanted)
    beside = _retrieval(loaded, collection, wanted, neighbours=neighbours, features=features, device=device)
    evaluation, unreadable = scored(loaded, examples, batch=batch, console=console or Console(stderr=True))
    if not evaluation.finite:
        known = "" if evaluation.loss is None else f" (its loss is {evaluation.loss})"
        raise JobError(
            f"{model} gives outputs that are not finite{known}: its weights are damaged or of a training that "
            "diverged; take them from a copy or train again"
        )
    bad = {**collection.bad, **unreadable}
    left_out = check_bad(bad, len(examples.photos) + len(collection.bad), strict=strict)
    scores = evaluation.evaluated.scores
    retrieved = {} if beside is None else {"retrieval": beside.beside(evaluation.evaluated)}
    return EvaluationReport(
        model=str(model),
        data=data,
        split=wanted,
        photographs=len(evaluation.evaluated.answers),
        preprocessing=asdict(loaded.preprocessing),
        shown=loaded.preprocessing.words,
        loss=evaluation.loss,
        scores=dict(scores.figures),
        details={**scores.details, **retrieved},
        bad=bad,
        notes=(
            *loaded.notes,
            *collection.notes,
            *notes,
            *notes_of(examples),
            *scores.notes,
            *([left_out] if left_out else []),
        ),
    )


def with_training_split(collection: Collection, model: Path) -> tuple[Collection, tuple[str, ...]]:
    """Undivided photographs get the split that the model was trained with, if it was trained on them."""
    file = model / SPLIT
    if collection.splits or not file.exists():
        return collection, ()
    try:
        return read_split(file, collection), (f"val is what the training of {model} held out",)
    except UsageError as error:
        return collection, (f"not divided as for the training of {model}, for {error}",)


def wanted_split(collection: Collection, asked: str | None) -> str:
    """The split asked for; unset val or test, or all that is not divided. Raises `UsageError` for one not there."""
    if asked == ALL or (asked is None and not collection.splits):
        return ALL
    if asked is None:
        return next(one for one in ("val", "test", "train") if one in collection.splits)
    if asked not in collection.splits:
        there = ", ".join((*collection.splits, ALL))
        raise UsageError(f"{collection.name} has no split {asked!r}: use one of {there}")
    return asked


def examples_of(loaded: AnyModel, collection: Collection, wanted: str) -> Examples:
    """What a model is scored on in one split, or in `all`. Raises `UsageError` where there is nothing."""
    if wanted == ALL:
        collection = replace(collection, examples=tuple(replace(one, split=ALL) for one in collection.examples))
    examples = loaded.task.examples(collection, wanted)
    if not examples.photos:
        raise UsageError(
            f"{wanted} of {collection.name} has no labelled photographs to score: use another split or data"
        )
    return examples


def _retrieval(
    loaded: AnyModel,
    collection: Collection,
    wanted: str,
    *,
    neighbours: int | None,
    features: str | Path | None,
    device: str,
) -> Retrieval | None:
    """What is scored beside the model, if it is asked for; never photographs that would find themselves."""
    if neighbours is None:
        if features is not None:
            raise UsageError(f"--features {features} is for --neighbours: say how many")
        return None
    known = loaded.task.examples(collection, TRAIN) if wanted not in (TRAIN, ALL) else None
    seer = loaded if features is None else load_any(features, device=device)
    return retrieval(loaded.task, known, seer, neighbours=neighbours)


def scored(loaded: AnyModel, examples: Examples, *, batch: int, console: Console) -> tuple[Evaluation, dict[str, str]]:
    """Score the examples; with it the photographs that could not be read, and why."""
    pixels = Noting(Decoded(examples.photos, Centre(loaded.preprocessing)))
    batches = Batches(examples, pixels, resolution=loaded.preprocessing.resolution, threads=os.cpu_count() or 1)
    picks = evaluation_picks(len(examples.photos), batch=batch)
    with counting(console, "evaluating", total=len(examples.photos)) as advance:
        gathered = gather(loaded, loaded.task, load(batches, picks), device=loaded.device, advance=advance)
    return score(loaded.task, examples, gathered), pixels.bad
