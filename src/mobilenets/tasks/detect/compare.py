"""Two lists of detections compared: what both tell of the same thing, wherever it stands in them."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mobilenets.maths.boxes import CORNERS, overlaps
from mobilenets.tasks.detect.tail import OVERLAP

Rows = NDArray[np.floating[Any]]

CLOSE = 1e-4
"""Scores as near as this may come in either order, and either be the last that there is room for."""
_SAME = 0.05
_BORDER = 1e-3
_SCORE, _KIND = CORNERS, CORNERS + 1


def numbers_apart(made: Rows, right: Rows) -> float:
    """The largest difference of two arrays of boxes and probabilities; of what lies far outside, as a share of it."""
    if not np.isfinite(made).all():
        return float("inf")
    return float((np.abs(made - right) / np.maximum(np.abs(right), 1)).max(initial=0))


def detections_apart(made: Rows, right: Rows) -> float:
    """How far (N, most, 6) detections are from those to expect: in place or score, or the score of one that is missing.

    Rounding decides which of two goes where both are nearly as sure and only one has room, and whether a box goes that
    a surer one covers by just about what is allowed: such detections may be in one list alone.
    """
    if not np.isfinite(made).all():
        return float("inf")
    return max((_apart(*both) for both in zip(made, right, strict=True)), default=0.0)


def _apart(made: Rows, right: Rows) -> float:
    least = max(float(one[-1, _SCORE]) for one in (made, right)) + CLOSE
    made, right = (one[one[:, _KIND] >= 0].astype(np.float64) for one in (made, right))
    distance = _distances(made, right)
    pairs = _pairs(distance)
    found = float(distance[pairs[:, 0], pairs[:, 1]].max(initial=0))
    common = right[pairs[:, 1]]
    lone = [np.delete(one, pairs[:, side], axis=0) for side, one in enumerate((made, right))]
    lone = [one[one[:, _SCORE] > least] for one in lone]
    excused = [one[_on_border(one, common)] for one in lone]
    left = [
        one[~(_on_border(one, common) | _covered(one, excused[1 - side]))][:, _SCORE] for side, one in enumerate(lone)
    ]
    return max(found, *(float(one.max(initial=0)) for one in left))


def _distances(made: Rows, right: Rows) -> NDArray[np.float64]:
    """(m, n) how far each is from each: infinite where the kinds are others."""
    size = np.maximum(np.abs(right[None, :, :_KIND]), 1)
    apart: NDArray[np.float64] = (np.abs(made[:, None, :_KIND] - right[None, :, :_KIND]) / size).max(2, initial=0)
    return np.where(made[:, None, _KIND] == right[None, :, _KIND], apart, np.inf)


def _pairs(distance: NDArray[np.float64]) -> NDArray[np.int64]:
    """(k, 2) which is the same as which, the nearest first; no one twice."""
    order = np.argsort(distance, axis=None, kind="stable")
    every = np.stack(np.unravel_index(order, distance.shape), axis=1)
    taken: tuple[set[int], set[int]] = set(), set()
    pairs = []
    for first, second in every[distance.flat[order] < _SAME].tolist():
        if first not in taken[0] and second not in taken[1]:
            taken[0].add(first)
            taken[1].add(second)
            pairs.append((first, second))
    return np.array(pairs, np.int64).reshape(-1, 2)


def _on_border(rows: Rows, others: Rows) -> NDArray[np.bool_]:
    """Which of (n, 6) another covers by just about what is allowed."""
    near: NDArray[np.bool_] = np.abs(_overlaps(rows, others) - OVERLAP) < _BORDER
    return np.asarray(near.any(axis=1))


def _covered(rows: Rows, others: Rows) -> NDArray[np.bool_]:
    """Which of (n, 6) another covers by what is allowed or more."""
    much: NDArray[np.bool_] = _overlaps(rows, others) > OVERLAP - _BORDER
    return np.asarray(much.any(axis=1))


def _overlaps(rows: Rows, others: Rows) -> NDArray[np.float64]:
    """(n, m) by how much surer detections of the same kind cover each; 0 of others."""
    found = overlaps(torch.from_numpy(rows[:, :CORNERS]), torch.from_numpy(others[:, :CORNERS])).numpy()
    same = rows[:, None, _KIND] == others[None, :, _KIND]
    surer = others[None, :, _SCORE] > rows[:, None, _SCORE] - CLOSE
    return np.where(same & surer, found, 0.0)
