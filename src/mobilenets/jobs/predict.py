"""`mobilenets.predict`: answers for photographs, one by one as they come."""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from rich.console import Console

from mobilenets.data.inputs import photographs
from mobilenets.errors import UsageError
from mobilenets.jobs.models import load_any
from mobilenets.prediction.predict import Prediction
from mobilenets.prediction.predict import predict as predict_photos


def predict(
    sources: str | Path | Sequence[str | Path],
    *,
    model: str | Path,
    batch: int = 16,
    threads: int = 0,
    device: str = "auto",
    limit: int | None = None,
    weights: str | None = None,
    console: Console | None = None,
) -> Iterator[Prediction]:
    """Answers for files, folders, globs, zips, named data sets or "-" (standard input), in that order.

    `model` is the folder of a checkpoint or of an artefact, or `timm:NAME` or `torchvision:NAME` with `weights` as
    `load_foreign` takes them; what must be said of it goes to `console`, which is standard error where unset.
    Memory stays bounded however many photographs there are, and with `limit` no more than so many are read. One that
    cannot be read gives a `Prediction` with its `error`. Raises `UsageError` for a bad model or a source that is not
    there, before the first answer, and `JobError` where an output is not finite.
    """
    if batch < 1:
        raise UsageError(f"batch {batch} is under 1: use at least 1 photograph")
    if threads < 0:
        raise UsageError(f"threads {threads} is under 0: use 0 for one a core")
    if limit is not None and limit < 1:
        raise UsageError(f"limit {limit} is under 1: leave it out for all photographs")
    several = [sources] if isinstance(sources, str | Path) else sources
    photos = islice(photographs([str(source) for source in several]), limit)
    loaded = load_any(model, device=device, weights=weights)
    for note in loaded.notes:
        (console or Console(stderr=True)).print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    return predict_photos(loaded, photos, batch=batch, threads=threads or os.cpu_count() or 1)
