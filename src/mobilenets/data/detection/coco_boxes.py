"""The annotations of a COCO file as arrays of boxes."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.coco_file import CocoFile, column
from mobilenets.data.detection.drawn import Drawn
from mobilenets.data.detection.tally import Tally

Row = Mapping[str, Any]

_BOX, _AREA, _CROWD, _OUTLINE = "bbox", "area", "iscrowd", "segmentation"
# Not COCO's own: what this package writes for Pascal VOC's `difficult`.
DIFFICULT = "difficult"
_CORNERS = 4


def boxes_of(file: CocoFile, places: Mapping[Any, int], kinds: Mapping[int, int], tally: Tally) -> Drawn:
    """The boxes of a file's annotations, in their order.

    `places` are those of the photographs by their ids, `kinds` the numbers of the categories by those of the file.
    What belongs to none of them, has no box or is there twice is counted and left out. Raises `UsageError` for what
    is neither a box nor a number.
    """
    rows = _known(file, _distinct(file.annotations, tally), places, kinds, tally)
    corners = column(file, lambda row: _corners(row, tally), "no box of four numbers", rows=rows)
    rows = [row for row, box in zip(rows, corners, strict=True) if box is not None]
    boxes = np.array([box for box in corners if box is not None], dtype=np.float64).reshape(len(rows), _CORNERS)
    tally.add("no box", len(corners) - len(rows))
    areas = column(file, lambda row: float(row.get(_AREA) or math.nan), "an area that is no number", rows=rows)
    return Drawn(
        owners=np.array([places[row["image_id"]] for row in rows], dtype=np.int64),
        boxes=boxes,
        kinds=np.array([kinds[row["category_id"]] for row in rows], dtype=np.int64),
        crowd=_flags(rows, _CROWD),
        difficult=_flags(rows, DIFFICULT),
        areas=np.array(areas, dtype=np.float64),
    )


def joined_boxes(drawn: Sequence[Drawn]) -> Drawn:
    """The boxes of several files one after another."""
    names = ("owners", "boxes", "kinds", "crowd", "difficult", "areas")
    return Drawn(*(np.concatenate([getattr(one, name) for one in drawn]) for name in names))


def _distinct(rows: Sequence[Row], tally: Tally) -> Sequence[Row]:
    """The annotations without those that repeat an earlier one, number and all."""
    numbers = [one if isinstance(one := row.get("id"), int | str) else None for row in rows]
    if len(set(numbers)) == len(numbers):
        return rows
    shared = {number for number, count in Counter(numbers).items() if count > 1 and number is not None}
    earlier: dict[int | str, list[Row]] = {number: [] for number in shared}
    keep = []
    for row, number in zip(rows, numbers, strict=True):
        before = earlier[number] if number in shared else []
        repeated = row in before
        keep.append(not repeated)
        if before:
            tally.add("repeated" if repeated else "same number", first=f"id {number}")
        if number in shared and not repeated:
            before.append(row)
    return list(compress(rows, keep))


def _known(
    file: CocoFile, rows: Sequence[Row], places: Mapping[Any, int], kinds: Mapping[int, int], tally: Tally
) -> Sequence[Row]:
    """The annotations of photographs and categories that the file lists."""
    of_photo = column(file, lambda row: row.get("image_id") in places, "an image_id that is no id", rows=rows)
    tally.add("unknown photograph", len(rows) - sum(of_photo))
    rows = list(compress(rows, of_photo))
    of_kind = column(file, lambda row: row.get("category_id") in kinds, "a category_id that is no number", rows=rows)
    tally.add("unknown category", len(rows) - sum(of_kind))
    return list(compress(rows, of_kind))


def _corners(row: Row, tally: Tally) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of an annotation: of its box, else around its outline; None where it has neither."""
    box = row.get(_BOX)
    if box:
        left, top, width, height = (math.nan if one is None else float(one) for one in box)
        return left, top, left + width, top + height
    outline = row.get(_OUTLINE)
    if not outline or isinstance(outline, dict):
        return None
    points = [float(one) for part in outline for one in part]
    across, down = points[::2], points[1::2]
    if len(across) != len(down) or not across:
        raise ValueError("an outline of half a point")
    tally.add("outline")
    if not all(map(math.isfinite, points)):
        return math.nan, math.nan, math.nan, math.nan
    return min(across), min(down), max(across), max(down)


def _flags(rows: Sequence[Row], key: str) -> NDArray[np.bool_]:
    return np.array([bool(row.get(key)) for row in rows], dtype=np.bool_)
