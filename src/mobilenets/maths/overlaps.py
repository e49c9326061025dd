"""Which box of its group each box overlaps most: pure functions on arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
"""(n, 4): left, top, right, bottom."""

# Pairs held in memory at a time: crowded photographs make many.
_PAIRS = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """For each of n boxes the `places` (n,) of the one that it overlaps most, -1 without any in its group.

    `shares` (n,) say how much, in [0, 1]; of equals it is the first.
    """

    places: NDArray[np.int64]
    shares: NDArray[np.float64]


def best_overlaps(
    boxes: Boxes, groups: NDArray[np.int64], others: Boxes, other_groups: NDArray[np.int64], *, inside: bool = False
) -> Overlaps:
    """What each of n boxes overlaps most among m `others` of its own group; `groups` are (n,) and (m,).

    The share is intersection over union, or with `inside` the part of the box itself that lies in the other.
    """
    order = np.argsort(other_groups, kind="stable")
    ranked = other_groups[order]
    first = np.searchsorted(ranked, groups, side="left")
    counts = np.searchsorted(ranked, groups, side="right") - first
    places, shares = np.full(len(boxes), -1), np.zeros(len(boxes))
    rows = np.flatnonzero(counts)
    for part in _parts(rows, counts[rows]):
        sizes = counts[part]
        starts = np.cumsum(sizes) - sizes
        columns = order[np.repeat(first[part] - starts, sizes) + np.arange(sizes.sum())]
        overlap = _overlap(boxes[np.repeat(part, sizes)], others[columns], inside=inside)
        best = np.maximum.reduceat(overlap, starts)
        hits = np.flatnonzero(overlap == np.repeat(best, sizes))
        places[part] = columns[hits[np.searchsorted(hits, starts)]]
        shares[part] = best
    return Overlaps(places, shares)


def _parts(rows: NDArray[np.int64], counts: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows in parts that make about `_PAIRS` pairs each."""
    if not len(rows):
        return []
    part = np.cumsum(counts) // _PAIRS
    return np.split(rows, np.flatnonzero(np.diff(part)) + 1)


def _overlap(boxes: Boxes, others: Boxes, *, inside: bool) -> NDArray[np.float64]:
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, 2:], others[:, 2:])
    shared = (high - low).clip(min=0).prod(axis=1)
    own, other = ((one[:, 2:] - one[:, :2]).clip(min=0).prod(axis=1) for one in (boxes, others))
    whole = own if inside else own + other - shared
    return np.divide(shared, whole, out=np.zeros(len(boxes)), where=whole > 0)
