"""`mobilenets.predict`: answers for photographs, one by one as they come."""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from mobilenets.data.inputs import photographs
from mobilenets.errors import UsageError
from mobilenets.prediction.model import choose_device, load
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
) -> Iterator[Prediction]:
    """Answers for files, folders, globs, zips, named data sets or "-" (standard input), in that order.

    Memory stays bounded however many photographs there are, and with `limit` no more than so many are read. One that
    cannot be read gives a `Prediction` with its `error`. Raises `UsageError` for a bad checkpoint or a source that is
    not there, before the first answer.
    """
    if batch < 1:
        raise UsageError(f"batch {batch} is under 1: use at least 1 photograph")
    if threads < 0:
        raise UsageError(f"threads {threads} is under 0: use 0 for one a core")
    if limit is not None and limit < 1:
        raise UsageError(f"limit {limit} is under 1: leave it out for all photographs")
    several = [sources] if isinstance(sources, str | Path) else sources
    photos = islice(photographs([str(source) for source in several]), limit)
    loaded = load(Path(model), device=choose_device(device))
    return predict_photos(loaded, photos, batch=batch, threads=threads or os.cpu_count() or 1)
