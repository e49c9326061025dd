"""One label file of YOLO: a row a box, in shares of the photograph's width and height."""

import math
from dataclasses import dataclass

from mobilenets.errors import UsageError

_BOX = 5
_OUTLINE = 7
# Shares: what lies this far out was written in pixels.
_LEAST, _MOST = -1.0, 2.0


@dataclass(frozen=True, slots=True)
class YoloRow:
    """The number of a class, and the box (left, top, right, bottom) in shares; whether it is that of an outline."""

    kind: int
    box: tuple[float, float, float, float]
    outline: bool


def yolo_rows(text: str, where: str, *, points: bool = False) -> list[YoloRow]:
    """The rows of a label file: `class centre-x centre-y width height`, or `class x y x y x y ...` for an outline.

    With `points` what follows the box are key points. Raises `UsageError` with the line for what is neither, and for
    numbers that are no shares.
    """
    lines = enumerate(text.splitlines(), start=1)
    return [_row(line.split(), f"{where}, line {number}", points=points) for number, line in lines if line.strip()]


def _row(words: list[str], where: str, *, points: bool) -> YoloRow:
    try:
        kind, *values = map(float, words)
    except ValueError:
        raise UsageError(
            f"{where}: {' '.join(words)[:40]!r} is no row of numbers: a class and a box are needed"
        ) from None
    if not (kind.is_integer() and 0 <= kind < 1 << 31):
        raise UsageError(f"{where}: the class {words[0]} is no whole number from 0")
    outline = not points and len(words) >= _OUTLINE and len(words) % 2 == 1
    if len(words) != _BOX and not outline and not (points and len(words) > _BOX):
        raise UsageError(
            f"{where}: {len(words)} numbers: a box takes {_BOX} (class, centre, width, height), an outline a class and "
            "three points or more"
        )
    values = values if outline else values[: _BOX - 1]
    strange = next((value for value in values if value < _LEAST or value > _MOST), None)
    if strange is not None and abs(strange) != float("inf"):
        raise UsageError(
            f"{where}: {strange:g} is no share of the photograph: YOLO's numbers are from 0 to 1, not pixels"
        )
    return YoloRow(int(kind), _around(values) if outline else _corners(*values), outline)


def _corners(across: float, down: float, width: float, height: float) -> tuple[float, float, float, float]:
    return across - width / 2, down - height / 2, across + width / 2, down + height / 2


def _around(values: list[float]) -> tuple[float, float, float, float]:
    across, down = values[::2], values[1::2]
    if any(map(math.isnan, values)):
        return float("nan"), float("nan"), float("nan"), float("nan")
    return min(across), min(down), max(across), max(down)
