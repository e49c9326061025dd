"""`mobilenets predict`: answers for photographs."""

import csv as csv_module
import json as json_module
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tyro.conf import Positional

from mobilenets.cli.output import print_line
from mobilenets.errors import JobError, UsageError

if TYPE_CHECKING:
    from mobilenets.prediction.predict import Prediction


def run(
    sources: Positional[tuple[str, ...]],
    *,
    model: str,
    weights: str | None = None,
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
        model: checkpoint or artefact folder, or timm:NAME or torchvision:NAME
        weights: for the latter: a file with a state dict, or none for random weights; unset: the published ones
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
    rows = _Rows() if csv else None
    print_one = rows.write if rows else _json if json else _line
    failed = total = 0
    answers = predict(sources, model=model, weights=weights, batch=batch, threads=threads, device=device, limit=limit)
    for prediction in answers:
        total += 1
        failed += bool(prediction.error)
        print_one(prediction)
    if rows:
        rows.finish()
    if failed:
        raise JobError(f"{failed:,} of {total:,} photographs could not be read")
    if not total:
        raise JobError(f"no photographs in {', '.join(sources)}")


def _line(prediction: "Prediction") -> None:
    text = prediction.answer.line() if prediction.answer else f"cannot be read: {prediction.error}"
    print_line(f"{prediction.name}  {text}")


def _json(prediction: "Prediction") -> None:
    answer = prediction.answer.record() if prediction.answer else {"error": prediction.error}
    line = json_module.dumps({"image": prediction.name, **answer}, ensure_ascii=False)
    # Bytes of a file name that are no text are escaped, as JSON has it: what reads the line can still open the file.
    print(line.encode(errors="backslashreplace").decode())


class _Rows:
    """Prints rows; columns are what the first answer has in plain values, then `error`.

    Photographs that cannot be read wait for the first answer, which names the columns.
    """

    def __init__(self) -> None:
        self._writer = csv_module.writer(sys.stdout, lineterminator="\n")
        self._columns: list[str] | None = None
        self._waiting: list[Prediction] = []

    def write(self, prediction: "Prediction") -> None:
        if self._columns is None and prediction.answer is None:
            self._waiting.append(prediction)
            return
        if self._columns is None:
            self._begin(_plain(prediction))
        self._row(prediction)

    def finish(self) -> None:
        """Print those that still wait: there was no answer at all."""
        if self._columns is None:
            self._begin({})

    def _begin(self, record: Mapping[str, Any]) -> None:
        self._columns = list(record)
        self._writer.writerow(["image", *self._columns, "error"])
        for prediction in self._waiting:
            self._row(prediction)

    def _row(self, prediction: "Prediction") -> None:
        record = _plain(prediction)
        self._writer.writerow(
            [prediction.name, *(record.get(name, "") for name in self._columns or ()), prediction.error]
        )


def _plain(prediction: "Prediction") -> dict[str, Any]:
    """The values of an answer that fit into one cell; those of an object within it as `object.name`."""
    record = prediction.answer.record() if prediction.answer else {}
    cells: dict[str, Any] = {}
    for name, value in record.items():
        cells |= {f"{name}.{inner}": one for inner, one in value.items()} if isinstance(value, dict) else {name: value}
    return {name: value for name, value in cells.items() if not isinstance(value, list | dict)}
