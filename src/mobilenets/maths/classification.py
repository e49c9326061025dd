"""Scores of a classifier: pure functions on arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float32]
Labels = NDArray[np.int64]


def hits(probabilities: Probabilities, labels: Labels, *, top: int) -> NDArray[np.bool_]:
    """Whether the true class (N,) is among the `top` most probable of (N, classes).

    Of equally probable classes the earlier counts as the more probable one, so that a network that says the same of
    every class is not right every time. One that says NaN is never right.
    """
    true = np.take_along_axis(probabilities, labels[:, None], axis=1)
    earlier = np.arange(probabilities.shape[1])[None, :] < labels[:, None]
    better = (probabilities > true) | ((probabilities == true) & earlier)
    return (better.sum(1) < top) & ~np.isnan(true[:, 0])


def confusion_matrix(labels: Labels, answers: Labels, *, classes: int) -> NDArray[np.int64]:
    """Counts (classes, classes): a row for each true class, a column for each answer.

    Raises `ValueError` where a label or an answer is outside 0 to classes - 1.
    """
    places = np.ravel_multi_index((labels, answers), (classes, classes))
    return np.bincount(places, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Answers of about the same confidence: how sure they were on average, how often they were right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(probabilities: Probabilities, labels: Labels, *, bins: int = 15) -> list[ReliabilityBin]:
    """Answers by confidence in bins of equal width; empty bins are left out (Guo et al. 2017).

    A bin holds its lower edge, the last one both. NaN is a wrong answer of confidence 0.
    """
    confidence = np.nan_to_num(probabilities.max(1))
    right = hits(probabilities, labels, top=1)
    number = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    found = []
    for place in range(bins):
        chosen = number == place
        if chosen.any():
            sure, hit = float(confidence[chosen].mean()), float(right[chosen].mean())
            found.append(ReliabilityBin(place / bins, (place + 1) / bins, int(chosen.sum()), sure, hit))
    return found


def calibration_error(probabilities: Probabilities, labels: Labels, *, bins: int = 15) -> float:
    """Expected calibration error: the mean distance of confidence from accuracy, weighted by count."""
    rows = reliability(probabilities, labels, bins=bins)
    return sum(row.count * abs(row.confidence - row.accuracy) for row in rows) / max(len(labels), 1)
