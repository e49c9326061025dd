"""How well scores put what is true before what is not: pure functions on arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall (K,) where everything from the k-th highest of K distinct scores on is taken for true."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    @property
    def area(self) -> float:
        """The average precision: each step in recall weighs the precision at its end, nothing is interpolated."""
        return float(np.sum(np.diff(self.recall, prepend=0.0) * self.precision))


def precision_recall(scores: NDArray[np.floating], truths: NDArray[np.bool_]) -> Curve:
    """The curve of scores (N,), higher for what is rather true, against truths (N,).

    Equal scores are taken together, so that no order among them flatters. NaN is below every number. Without anything
    true there is no recall: raises `ValueError`.
    """
    positives = int(truths.sum())
    if not positives:
        raise ValueError("nothing is true: there is no recall")
    ranked = np.where(np.isnan(scores), -np.inf, scores)
    order = np.argsort(-ranked, kind="stable")
    ranked = ranked[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    found = np.cumsum(truths[order])[ends]
    return Curve(precision=found / (ends + 1), recall=found / positives)


def average_precision(scores: NDArray[np.floating], truths: NDArray[np.bool_]) -> float:
    """The area under `precision_recall`, in (0, 1]: scikit-learn's `average_precision_score`.

    Raises `ValueError` where nothing is true.
    """
    return precision_recall(scores, truths).area


def interpolated_average_precision(right: NDArray[np.bool_], *, positives: int) -> float:
    """The area under the curve of (n,) finds, the surest first, of which `right` are so, of `positives` to find.

    Each find weighs the best precision from there on (Pascal VOC since 2010). Raises `ValueError` where there is
    nothing to find.
    """
    if not positives:
        raise ValueError("nothing is true: there is no recall")
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[right].sum() / positives)
