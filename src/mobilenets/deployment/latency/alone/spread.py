"""Statistics of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """How long runs took, in seconds."""

    count: int
    median: float
    least: float
    p90: float
    p99: float


def spread(seconds: Sequence[float]) -> Spread:
    """Raises `ValueError` where nothing was measured."""
    if not seconds:
        raise ValueError("nothing was measured")
    ranked = sorted(seconds)
    return Spread(
        count=len(ranked),
        median=_quantile(ranked, 0.5),
        least=ranked[0],
        p90=_quantile(ranked, 0.9),
        p99=_quantile(ranked, 0.99),
    )


def _quantile(ranked: Sequence[float], share: float) -> float:
    """Between the two nearest by a straight line, as numpy has it."""
    place = share * (len(ranked) - 1)
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (place - below) * (ranked[above] - ranked[below])
