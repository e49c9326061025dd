"""What a network may cost, and what stands against a candidate."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mobilenets.errors import UsageError
from mobilenets.settings import within

Label = Literal["exact", "measured", "imported", "estimated"]
"""How a figure came about: counted from the layers, run here, run on another device, or inferred from neighbours."""

Limited = Literal["mult_adds", "mb", "ram_mb", "ms"]
UNITS: dict[Limited, str] = {"mult_adds": "M mult-adds", "mb": "MB", "ram_mb": "MB of memory", "ms": "ms"}
FLAGS: dict[Limited, str] = {
    "mult_adds": "--max-mult-adds",
    "mb": "--max-mb",
    "ram_mb": "--max-ram-mb",
    "ms": "--max-ms",
}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What the network may take at most; what is unset is free. At least one limit is needed."""

    max_ms: float | None = None
    """Milliseconds for one image: the median on the device, in the runtime."""
    max_mb: float | None = None
    """Megabytes (10^6 bytes) of the model file."""
    max_mult_adds: float | None = None
    """Millions of mult-adds for one image."""
    max_ram_mb: float | None = None
    """Megabytes of memory: what the process takes over the runtime with no model."""

    def __post_init__(self) -> None:
        for name, most in self.limits.items():
            within(FLAGS[name].removeprefix("--"), most, low=0.0, open_low=True)

    @property
    def limits(self) -> dict[Limited, float]:
        """The limits that are set, in the order that they are looked at."""
        every: dict[Limited, float | None] = {
            "mult_adds": self.max_mult_adds,
            "mb": self.max_mb,
            "ram_mb": self.max_ram_mb,
            "ms": self.max_ms,
        }
        return {name: most for name, most in every.items() if most is not None}

    @property
    def words(self) -> str:
        """The limits in words."""
        return ", ".join(f"at most {most:g} {UNITS[name]}" for name, most in self.limits.items())

    def check(self) -> None:
        """Raise `UsageError` where nothing is limited."""
        if not self.limits:
            raise UsageError(f"no limit is given: set one or several of {', '.join(FLAGS.values())}")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and how it came about."""

    value: float
    label: Label


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that a candidate is over, with the candidate's own figure."""

    limit: Limited
    most: float
    figure: Figure

    @property
    def ratio(self) -> float:
        """How many times the limit."""
        return self.figure.value / self.most

    @property
    def words(self) -> str:
        """`31.2 ms (measured) over --max-ms 20`."""
        said = f"{self.figure.value:.4g} {UNITS[self.limit]} ({self.figure.label})"
        return f"{said} over {FLAGS[self.limit]} {self.most:g}"


def binding(figures: Mapping[Limited, Figure], budget: Budget) -> Excess | None:
    """The limit that figures are furthest over; None where they are over none. A figure that is not known is over none.

    A limit is met up to and including its value.
    """
    over = [
        Excess(name, most, figures[name])
        for name, most in budget.limits.items()
        if name in figures and figures[name].value > most
    ]
    return max(over, key=lambda one: one.ratio, default=None)


def worst_ratio(figures: Mapping[Limited, Figure], budget: Budget) -> float:
    """How much of its most exhausted limit a candidate takes; over 1 it does not fit."""
    return max((figures[name].value / most for name, most in budget.limits.items() if name in figures), default=0.0)


def nearest_budget(figures: Mapping[Limited, Figure], budget: Budget) -> str:
    """The flags of the smallest budget of the same kind that figures fit: `--max-ms 3.2 --max-mb 2`."""
    return " ".join(_flags(figures, budget))


def _flags(figures: Mapping[Limited, Figure], budget: Budget) -> Iterable[str]:
    for name, most in budget.limits.items():
        needed = figures[name].value if name in figures else most
        yield f"{FLAGS[name]} {_up(needed) if needed > most else f'{most:g}'}"


def _up(value: float) -> str:
    """Three digits, rounded up so that the value still fits."""
    digit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return f"{math.ceil(value / digit) * digit:.3g}"
