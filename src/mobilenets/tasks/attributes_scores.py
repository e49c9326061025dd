"""How good answers to many yes-or-no questions are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.wording import counted, listed
from mobilenets.errors import JobError
from mobilenets.maths.ranking import average_precision
from mobilenets.tasks.protocol import Scores

Truths = NDArray[np.float32]
"""(N, attributes), or one attribute's (N,): 1 yes, 0 no, NaN not known."""

HALF = 0.5
"""The probability from which an answer is a yes."""


def score_attributes(attributes: Sequence[str], probabilities: NDArray[np.float32], known: Truths) -> Scores:
    """The means over attributes of average precision (the headline `map`) and of accuracy at a probability of .5.

    An attribute without a yes or without a no is left out of both, and a note says so. Raises `JobError` where none is
    left.
    """
    per_attribute: dict[str, dict[str, float]] = {}
    left_out = []
    for name, shares, column in zip(attributes, probabilities.T, known.T, strict=True):
        if has_both(column):
            per_attribute[name] = _scores(shares, column)
        else:
            left_out.append(f"{name} ({why_not(column)})")
    if not per_attribute:
        raise JobError(f"none of the attributes can be scored: {listed(left_out)}")
    figures = {
        "map": float(np.mean([one["ap"] for one in per_attribute.values()])),
        "accuracy": float(np.mean([one["accuracy"] for one in per_attribute.values()])),
    }
    notes = (f"{counted(len(left_out), 'attribute')} not scored: {listed(left_out)}",) if left_out else ()
    return Scores("map", figures, {"per_attribute": per_attribute}, notes)


def has_both(column: Truths) -> bool:
    """Whether an attribute is a yes somewhere and a no somewhere."""
    return bool((column == 1).any() and (column == 0).any())


def why_not(column: Truths) -> str:
    """In words, why an attribute without both says nothing."""
    count = int((~np.isnan(column)).sum())
    if not count:
        return "is known of no photograph"
    return f"is {'yes' if (column == 1).any() else 'no'} for each of {counted(count, 'photograph')}"


def _scores(probabilities: NDArray[np.float32], column: Truths) -> dict[str, float]:
    rows = ~np.isnan(column)
    truths, shares = column[rows] == 1, probabilities[rows]
    return {
        "known": len(truths),
        "positives": int(truths.sum()),
        "accuracy": float(((shares >= HALF) == truths).mean()),
        "ap": average_precision(shares, truths),
    }
