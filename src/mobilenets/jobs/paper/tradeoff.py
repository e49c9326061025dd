"""What Figures 4 and 5 show: accuracy against mult-adds and params for 4 widths x 4 resolutions, and the fit."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.jobs.paper.published import CONV_AGAINST_SEPARABLE, RELEASED, RESOLUTIONS, SMALLER, WIDTHS, Model

JUMP_WIDTH = 0.25
"""Here the paper sees a jump, "when models get very small" (section 4.2)."""


@dataclass(frozen=True, slots=True)
class Network:
    """One of the 16 MobileNets. Accuracies are top-1 in per cent; `printed` is None where the paper has none."""

    name: str
    width: float
    resolution: int
    mult_adds: int
    params: int
    released: float
    printed: float | None


@dataclass(frozen=True, slots=True)
class Fit:
    """`accuracy = intercept + slope * log10(mult-adds)` in per cent, by least squares, and how well it fits.

    `residuals` has, for every network given to `fit`, its accuracy less the line's in points.
    """

    slope: float
    intercept: float
    r_squared: float
    residuals: dict[str, float]

    @property
    def largest(self) -> float:
        """The largest residual of either sign, in points."""
        return max(map(abs, self.residuals.values()))

    def at(self, mult_adds: float) -> float:
        """The line's accuracy in per cent."""
        return self.intercept + self.slope * math.log10(mult_adds)


def networks() -> tuple[Network, ...]:
    """The 16 networks with what they cost by our count, the widest first."""
    printed = _printed()
    rows = []
    for name in names.PUBLISHED:
        counted = cost(names.network(name))
        rows.append(
            Network(
                name=str(name),
                width=name.width,
                resolution=name.resolution,
                mult_adds=counted.mult_adds,
                params=counted.params,
                released=RELEASED[str(name)],
                printed=printed.get(str(name)),
            )
        )
    return tuple(rows)


def _printed() -> dict[str, float]:
    """Accuracies that the paper's tables print for these networks."""
    models = (*CONV_AGAINST_SEPARABLE, *WIDTHS, *RESOLUTIONS, *SMALLER)
    return {model.network: float(model.accuracy) for model in models if isinstance(model, Model)}


def fit(points: Sequence[Network]) -> Fit:
    """The log-linear relation of Figure 4 over the released accuracies; takes at least two different costs."""
    costs = [math.log10(point.mult_adds) for point in points]
    accuracies = [point.released for point in points]
    line = statistics.linear_regression(costs, accuracies)
    residuals = {
        point.name: accuracy - line.intercept - line.slope * cost_log
        for point, accuracy, cost_log in zip(points, accuracies, costs, strict=True)
    }
    return Fit(line.slope, line.intercept, statistics.correlation(costs, accuracies) ** 2, residuals)
