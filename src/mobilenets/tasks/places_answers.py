"""What is told of a photograph's place, and how far it is off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.maths.sphere import great_circle_km
from mobilenets.tasks.protocol import Answer


@dataclass(frozen=True, slots=True)
class Guess:
    """A place that a photograph may be of: degrees, how probable, and by which cell (none of a vote)."""

    latitude: float
    longitude: float
    probability: float | None = None
    cell: str = ""

    def record(self) -> dict[str, Any]:
        place = {"latitude": round(self.latitude, 4), "longitude": round(self.longitude, 4)}
        if self.probability is None:
            return place
        return {**place, "probability": round(self.probability, 6), "cell": self.cell}

    def words(self) -> str:
        """`48.86 N, 2.35 E 31.0%`."""
        place = (
            f"{abs(self.latitude):.2f} {'NS'[self.latitude < 0]}, {abs(self.longitude):.2f} {'EW'[self.longitude < 0]}"
        )
        return place if self.probability is None else f"{place} {self.probability:.1%}"


@dataclass(frozen=True, slots=True)
class Located:
    """The most probable places of one photograph, best first."""

    guesses: tuple[Guess, ...]

    def record(self) -> dict[str, Any]:
        best = self.guesses[0].record()
        return best if len(self.guesses) == 1 else {**best, "top": [one.record() for one in self.guesses]}

    def line(self) -> str:
        return "; ".join(one.words() for one in self.guesses[:3])


def errors_km(answers: Sequence[Answer], truths: Sequence[object]) -> NDArray[np.float64]:
    """How far the best place of each answer is from the true one."""
    best = [(one.guesses[0].latitude, one.guesses[0].longitude) for one in answers if isinstance(one, Located)]
    return great_circle_km(np.array(best), np.array(truths, dtype=np.float64))
