"""Which detection has found which object, as Pascal VOC counts: each goes to the object that it overlaps most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobilenets.maths.overlaps import Overlaps, best_overlaps
from mobilenets.maths.ranking import interpolated_average_precision
from mobilenets.tasks.detect.columns import Found, Truth

ENOUGH = 0.5
"""The overlap from which an object is found."""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """For each of n detections: the row of the object that it found (-1: none), the surest of several alone.

    `ignored` (n,) are neither right nor wrong: they overlap a difficult object most, or found none and lie in a crowd.
    """

    objects: NDArray[np.int64]
    ignored: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) which found an object."""
        return self.objects >= 0


def match(found: Found, truth: Truth, *, classes: int) -> Matches:
    """Detections and objects of the same class in the same photograph, overlapping by half or more.

    In a photograph the surest detections come first, as in `Detections`.
    """
    counted = _best(found, truth, truth.counted, classes=classes)
    difficult = _best(found, truth, truth.difficult & ~truth.crowd, classes=classes)
    crowd = _best(found, truth, truth.crowd, classes=classes, inside=True)
    most = np.maximum(counted.shares, difficult.shares)
    ignored = np.where(most >= ENOUGH, difficult.shares > counted.shares, crowd.shares >= ENOUGH)
    reaching = np.flatnonzero((counted.shares >= ENOUGH) & ~ignored)
    _, first = np.unique(counted.places[reaching], return_index=True)
    surest = reaching[first]
    objects = np.full(len(found), -1)
    objects[surest] = np.flatnonzero(truth.counted)[counted.places[surest]]
    return Matches(objects, ignored)


def _best(found: Found, truth: Truth, rows: NDArray[np.bool_], *, classes: int, inside: bool = False) -> Overlaps:
    others = truth.take(rows)
    return best_overlaps(found.boxes, found.groups(classes), others.boxes, others.groups(classes), inside=inside)


def voc_average_precisions(found: Found, truth: Truth, matches: Matches, *, classes: int) -> NDArray[np.float64]:
    """(classes,) Pascal VOC's average precision of each since 2010; NaN where there is nothing to find."""
    order = np.lexsort((-found.scores, found.kinds))
    order = order[~matches.ignored[order]]
    kinds = np.arange(classes)
    ends = np.searchsorted(found.kinds[order], kinds, side="right")
    positives = np.bincount(truth.kinds[truth.counted], minlength=classes)
    right = np.split(matches.right[order], ends[:-1])
    return np.array(
        [
            interpolated_average_precision(one, positives=int(count)) if count else np.nan
            for one, count in zip(right, positives, strict=True)
        ]
    )
