"""How `mobilenets predict` prints: lines for people, JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mobilenets.cli.output import print_line

if TYPE_CHECKING:
    from mobilenets.jobs.predict import Predictions
    from mobilenets.prediction.predict import Prediction

_BOX = ("label", "score", "left", "top", "right", "bottom")


class Printer(Protocol):
    """Prints one prediction after the other, then what belongs at the end."""

    def write(self, prediction: "Prediction") -> None: ...

    def finish(self) -> None: ...


def printer(predictions: "Predictions", *, as_json: bool, as_csv: bool) -> Printer:
    """What prints the answers of this task in this form."""
    from mobilenets.tasks.parts import Locates

    task = predictions.task
    if as_json:
        return CocoList(task.numbers, predictions.sources) if isinstance(task, Locates) else Objects()
    if as_csv:
        return BoxRows() if isinstance(task, Locates) else Rows()
    return Lines()


class Lines:
    """A line a photograph."""

    def write(self, prediction: "Prediction") -> None:
        text = prediction.answer.line() if prediction.answer is not None else f"cannot be read: {prediction.error}"
        print_line(f"{prediction.name}  {text}")

    def finish(self) -> None:
        """Nothing belongs at the end."""


class Objects:
    """A JSON object a line."""

    def write(self, prediction: "Prediction") -> None:
        answer = prediction.answer.record() if prediction.answer is not None else {"error": prediction.error}
        print(_dumped({"image": prediction.name, **answer}))

    def finish(self) -> None:
        """Nothing belongs at the end."""


class CocoList:
    """One JSON list of COCO's results, each on a line of its own; what cannot be read is told on standard error."""

    def __init__(self, numbers: Sequence[int], sources: Sequence[str]) -> None:
        from mobilenets.jobs.coco_results import CocoResults, known_ids

        self._results = CocoResults(numbers, known_ids(sources))
        self._before = "[\n"

    def write(self, prediction: "Prediction") -> None:
        for result in self._results.of(prediction):
            print(f"{self._before}{_dumped(result)}", end="")
            self._before = ",\n"
        if prediction.error:
            print(f"note: {_text(prediction.name)} cannot be read: {prediction.error}", file=sys.stderr)

    def finish(self) -> None:
        """Close the list."""
        print("\n]" if self._before == ",\n" else "[]")
        if more := self._results.renumbered:
            those = f"{more:,} photograph{'s are' if more > 1 else ' is'}"
            print(f"note: {those} called by a number that another has too: go by file_name", file=sys.stderr)


class Rows:
    """Prints rows; columns are what the first answer has in plain values, then `error`.

    Photographs that cannot be read wait for the first answer, which names the columns.
    """

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
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


class BoxRows:
    """Prints a row a box; a photograph that cannot be read has one with its error."""

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(["image", *_BOX, "error"])

    def write(self, prediction: "Prediction") -> None:
        if prediction.answer is None:
            self._writer.writerow([prediction.name, *("" for _ in _BOX), prediction.error])
            return
        for box in prediction.answer.record()["detections"]:
            self._writer.writerow([prediction.name, *(box[name] for name in _BOX), ""])

    def finish(self) -> None:
        """Nothing belongs at the end."""


def _plain(prediction: "Prediction") -> dict[str, Any]:
    """The values of an answer that fit into one cell; those of an object within it as `object.name`."""
    record = prediction.answer.record() if prediction.answer is not None else {}
    cells: dict[str, Any] = {}
    for name, value in record.items():
        cells |= {f"{name}.{inner}": one for inner, one in value.items()} if isinstance(value, dict) else {name: value}
    return {name: value for name, value in cells.items() if not isinstance(value, list | dict)}


def _dumped(record: Mapping[str, Any]) -> str:
    # Bytes of a file name that are no text are escaped, as JSON has it: what reads the line can still open the file.
    return _text(json.dumps(record, ensure_ascii=False))


def _text(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
