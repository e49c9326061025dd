"""Where the labels of boxes stand: inside the picture, at their boxes, over each other as little as possible."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Where a label may stand along its box's edge, as a share of the room there: in this order.
_ALONG = (0.0, 1.0, 0.5, 0.25, 0.75)
# A box of less than so many times the label's area would be hidden by it. That is bad, and other labels are worse.
_SMALL = 6
_WORSE = 10
# The share of a label that may lie under others, and of the picture that labels may take: what would need more is left
# out, for pieces of words tell nothing and the box's colour tells the class.
_HIDDEN = 0.1
_COVERED = 0.35


def places(boxes: Array, sizes: Array, *, width: int, height: int, below: Sequence[bool]) -> dict[int, tuple[int, int]]:
    """The left and top of labels of `sizes` (n, 2: width, height) for `boxes` (n, 4), in pixels, by their place.

    Each stands above its box, below it or within its edges; those of `below` rather at the lower edge. The first in
    the list choose first, and a label that finds no room is left out. Sizes are whole pixels, and no label leaves the
    picture.
    """
    chosen: dict[int, tuple[int, int]] = {}
    taken = np.zeros((0, 4))
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    for place, (box, size) in enumerate(zip(boxes, sizes, strict=True)):
        area = size.prod()
        if (size > (width, height)).any() or _area(taken) + area > _COVERED * width * height:
            continue
        corners = _corners(box, size, below=below[place]).clip(0, (width, height) - size).round()
        candidates = np.concatenate([corners, corners + size], axis=1)
        hidden = _overlap(candidates, taken)
        best = int((_WORSE * hidden + _overlap(candidates, boxes[areas < _SMALL * area])).argmin())
        if hidden[best] <= _HIDDEN * area:
            chosen[place] = (int(corners[best, 0]), int(corners[best, 1]))
            taken = np.concatenate([taken, candidates[best : best + 1]])
    return chosen


def _corners(box: Array, size: Array, *, below: bool) -> Array:
    left, top, right, bottom = box
    rows = [top - size[1], top, bottom, bottom - size[1]]
    if below:
        rows = rows[2:] + rows[:2]
    return np.array([(left + share * (right - left - size[0]), row) for share, row in product(_ALONG, rows)])


def _area(boxes: Array) -> float:
    return float((boxes[:, 2:] - boxes[:, :2]).prod(axis=1).sum())


def _overlap(boxes: Array, others: Array) -> Array:
    """(n,) how many pixels of the others lie under each of the n boxes."""
    starts = np.maximum(boxes[:, None, :2], others[None, :, :2])
    ends = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    overlap: Array = (ends - starts).clip(0).prod(axis=2).sum(axis=1)
    return overlap
