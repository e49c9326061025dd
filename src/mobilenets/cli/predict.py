"""`mobilenets predict`: answers for photographs."""

import csv as csv_module
import json as json_module
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from mobilenets.cli.output import print_line
from mobilenets.errors import JobError, UsageError

if TYPE_CHECKING:
    from mobilenets.prediction.predict import Prediction


def run(
    sources: Positional[tuple[str, ...]],
    *,
    model: Path,
    batch: int = 16,
    threads: int = 0,
    device: str = "auto",
    limit: int | None = None,
    json: bool = False,
    csv: bool = False,
) -> None:
    """Answer for photographs as they come; one that cannot be read is said so, and the exit code is then 1.

    Args:
        sources: files, folders, globs, zips, the name of a data set, or - for an image or a list on standard input
        model: checkpoint folder
        batch: photographs at a time
        threads: threads that decode; 0 for one a core
        device: auto, cpu or cuda
        limit: answer for the first so many only
        json: print JSON, one object a line
        csv: print CSV
    """
    from mobilenets.jobs.predict import predict

    if json and csv:
        raise UsageError("--json and --csv exclude each other: leave one out")
    if limit is not None and limit < 1:
        raise UsageError(f"limit {limit} is under 1: leave it out for all photographs")
    predictions = islice(predict(sources, model=model, batch=batch, threads=threads, device=device), limit)
    print_one = _json if json else _csv() if csv else _line
    failed = total = 0
    for prediction in predictions:
        total += 1
        failed += bool(prediction.error)
        print_one(prediction)
    if failed:
        raise JobError(f"{failed:,} of {total:,} photographs could not be read")
    if not total:
        raise JobError(f"no photographs in {', '.join(sources)}")


def _line(prediction: "Prediction") -> None:
    text = prediction.answer.line() if prediction.answer else f"cannot be read: {prediction.error}"
    print_line(f"{prediction.name}  {text}")


def _json(prediction: "Prediction") -> None:
    answer = prediction.answer.record() if prediction.answer else {"error": prediction.error}
    print(json_module.dumps({"image": prediction.name, **answer}, ensure_ascii=False))


def _csv() -> "Callable[[Prediction], None]":
    """A printer of rows; columns are those of the first answer that are plain values, then `error`."""
    writer = csv_module.writer(sys.stdout)
    columns: list[str] = []

    def write(prediction: "Prediction") -> None:
        record = prediction.answer.record() if prediction.answer else {}
        plain = {name: value for name, value in record.items() if not isinstance(value, list | dict)}
        if plain and not columns:
            columns.extend(plain)
            writer.writerow(["image", *columns, "error"])
        writer.writerow([prediction.name, *(plain.get(name, "") for name in columns), prediction.error])

    return write
