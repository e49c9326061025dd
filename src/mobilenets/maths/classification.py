"""Scores of a classifier: pure functions on arrays."""

from collections.abc import Sequence
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
    """The answers whose confidence lies in `low` to `high` (of 1): their number, mean confidence and accuracy."""

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


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """The expected calibration error: the gap between confidence and accuracy, averaged over all answers.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3. NaN without answers.
    """
    total = sum(part.count for part in bins)
    gaps = sum(part.count * abs(part.accuracy - part.confidence) for part in bins if part.count)
    return gaps / total if total else float("nan")
