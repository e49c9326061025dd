"""One person or two? Scores of distances between embeddings: pure functions on arrays.

A pair is accepted, taken for one person, where its squared distance is at most a threshold d. VAL(d) is the share
of same-person pairs that are accepted, FAR(d) that of the others (Schroff et al. 2015, "FaceNet", section 4).
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]

# Fewer falsely accepted pairs than this, and the FAR they give says little.
LEAST_ACCEPTED = 10
# Distances worked on at a time: about 64 MB.
_BLOCK = 1 << 24


@dataclass(frozen=True, slots=True)
class Pairs:
    """Squared distances of pairs, ascending: `same` (S,) of one person, `different` (D,) of two.

    `people` (S,) says whose each pair of `same` is.
    """

    same: Floats
    people: Whole
    different: Floats


def squared_distances(one: Floats, other: Floats) -> Floats:
    """(N, M) squared distances between unit vectors (N, D) and (M, D), within [0, 4]."""
    return np.clip(2 - 2 * (one @ other.T), 0, 4)


def all_pairs(vectors: Floats, people: Whole) -> Pairs:
    """Every two of the unit vectors (N, D) once, by whose they are (N,).

    Takes 4 bytes a pair: 350 MB for the 13,233 photographs of LFW.
    """
    count = len(vectors)
    rows = max(_BLOCK // max(count, 1), 1)
    same, whose, different = [], [], []
    for start in range(0, count, rows):
        stop = min(start + rows, count)
        distances = squared_distances(vectors[start:stop], vectors[start:])
        later = np.arange(count - start)[None, :] > np.arange(stop - start)[:, None]
        one = people[start:stop, None] == people[None, start:]
        same.append(distances[later & one])
        whose.append(np.broadcast_to(people[start:stop, None], one.shape)[later & one])
        different.append(distances[later & ~one])
    apart = np.concatenate([np.empty(0, np.float32), *different])
    apart.sort()
    together, whose_each = np.concatenate([np.empty(0, np.float32), *same]), np.concatenate([people[:0], *whose])
    order = np.argsort(together, kind="stable")
    return Pairs(together[order], whose_each[order], apart)


def area_under_curve(pairs: Pairs) -> float:
    """The chance that a pair of one person is nearer than a pair of two (ties count half): the area under the ROC.

    NaN where there are no pairs of either kind.
    """
    if not len(pairs.same) or not len(pairs.different):
        return float("nan")
    nearer = np.searchsorted(pairs.different, pairs.same, side="left")
    not_farther = np.searchsorted(pairs.different, pairs.same, side="right")
    total = int(nearer.sum()) + int(not_farther.sum())
    return 1 - total / (2 * len(pairs.same) * len(pairs.different))


def equal_error_rate(pairs: Pairs) -> float:
    """Where as large a share of same pairs is refused as of different ones is accepted.

    Both are steps: it is the mean of the two at the threshold where they differ least. NaN as `area_under_curve`.
    """
    if not len(pairs.same) or not len(pairs.different):
        return float("nan")
    thresholds = np.concatenate([[-np.inf], pairs.same, pairs.different])
    refused = 1 - np.searchsorted(pairs.same, thresholds, side="right") / len(pairs.same)
    accepted = np.searchsorted(pairs.different, thresholds, side="right") / len(pairs.different)
    best = np.abs(refused - accepted).argmin()
    return float(refused[best] + accepted[best]) / 2


def needed_pairs(far: float) -> int:
    """How many different pairs a FAR takes before it can be measured: 10 / FAR."""
    return ceil(LEAST_ACCEPTED / _exact(far))


def _exact(far: float) -> Fraction:
    """The number as it is written: .1 is a tenth, though no float is."""
    return Fraction(repr(float(far)))


@dataclass(frozen=True, slots=True)
class Validation:
    """VAL at a FAR: the share of same pairs that `threshold` accepts, with its standard error over people.

    `accepted` is how many of the different pairs it accepts too, at most FAR of them. The error is that of leaving
    out one person at a time (the jackknife), at this threshold: pairs of one person stand and fall together. NaN
    with fewer than two people.
    """

    far: float
    threshold: float
    accepted: int
    val: float
    standard_error: float


def validation_rate(pairs: Pairs, far: float) -> Validation:
    """VAL at the largest threshold that accepts no more than `far` of the different pairs.

    Raises `ValueError` for a FAR outside (0, 1), for fewer different pairs than it needs (see `needed_pairs`), and
    where there is no pair of one person.
    """
    if not 0 < far < 1:
        raise ValueError(f"far {far:g} is outside (0, 1)")
    count, needed = len(pairs.different), needed_pairs(far)
    if count < needed:
        raise ValueError(f"far {far:g} needs {needed:,} pairs of different people and there are {count:,}")
    if not len(pairs.same):
        raise ValueError("there is no pair of photographs of one person")
    # Just below the first that must be refused. Several may be as far: all of them are.
    refused = pairs.different[floor(_exact(far) * count)]
    threshold = np.nextafter(refused, np.float32(-1), dtype=np.float32)
    hits = pairs.same <= threshold
    return Validation(
        far=far,
        threshold=float(threshold),
        accepted=int(np.searchsorted(pairs.different, threshold, side="right")),
        val=float(hits.mean()),
        standard_error=_error_over_people(hits, pairs.people),
    )


def _error_over_people(hits: NDArray[np.bool_], people: Whole) -> float:
    _, whose = np.unique(people, return_inverse=True)
    pairs, accepted = np.bincount(whose), np.bincount(whose, weights=hits)
    if len(pairs) < 2:  # noqa: PLR2004 (an error over people takes two of them)
        return float("nan")
    without = (accepted.sum() - accepted) / (pairs.sum() - pairs)
    return sqrt((len(pairs) - 1) * float(without.var()))


def best_threshold(distances: Floats, same: NDArray[np.bool_]) -> float:
    """The threshold that answers most of the pairs (N,) right, halfway between two distances; NaN without pairs."""
    if not len(distances):
        return float("nan")
    order = np.argsort(distances, kind="stable")
    sorted_, gain = distances[order].astype(np.float64), np.cumsum(np.where(same[order], 1, -1))
    # A threshold cannot stand between equal distances, and may stand below all or above all.
    ends = np.flatnonzero(np.append(np.diff(sorted_) > 0, True))
    if gain[ends].max() <= 0:
        return float(sorted_[0]) - 1
    best = ends[gain[ends].argmax()]
    return float(sorted_[best] + sorted_[min(best + 1, len(sorted_) - 1)]) / 2


@dataclass(frozen=True, slots=True)
class Folds:
    """Accuracy by folds: the mean, its standard error over them (NaN with one fold), and the mean threshold."""

    accuracy: float
    standard_error: float
    threshold: float


def fold_accuracy(distances: Floats, same: NDArray[np.bool_], folds: Whole) -> Folds:
    """The protocol of LFW: on each fold the threshold that is best on all the others.

    All (N,). Source: Huang et al. 2007, "Labeled Faces in the Wild". Raises `ValueError` with fewer than two folds.
    """
    numbers = np.unique(folds)
    if len(numbers) < 2:  # noqa: PLR2004 (one to score and one to choose the threshold on)
        raise ValueError(f"{len(numbers)} folds: two or more are needed")
    accuracies, thresholds = np.empty(len(numbers)), np.empty(len(numbers))
    for place, number in enumerate(numbers):
        held = folds == number
        thresholds[place] = best_threshold(distances[~held], same[~held])
        accuracies[place] = ((distances[held] <= thresholds[place]) == same[held]).mean()
    error = float(accuracies.std(ddof=1)) / sqrt(len(numbers))
    return Folds(float(accuracies.mean()), error, float(thresholds.mean()))
