"""The small JSON files beside weights (`config.json`), with every value checked before it is believed."""

import json
import math
from dataclasses import dataclass
from typing import Any

from mobilenets.errors import UsageError
from mobilenets.weights.read import WeightFile

_MOST_PIXELS = 1 << 14


@dataclass(frozen=True, slots=True)
class Config:
    """A JSON object; `where` names its file in messages."""

    values: dict[str, Any]
    where: str

    def part(self, name: str) -> "Config":
        """The object under `name`; empty where there is none."""
        value = self.values.get(name)
        if value is None:
            return Config({}, self.where)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Config(value, self.where)

    def number(self, name: str, usual: float | None = None, *, low: float, high: float) -> float | None:
        """A number within [low, high]."""
        value = self.values.get(name)
        if value is None:
            return usual
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self._wrong(name, f"a number from {low:g} to {high:g}")
        return float(value)

    def flag(self, name: str, *, usual: bool) -> bool:
        """True or false."""
        value = self.values.get(name, usual)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def word(self, name: str, usual: str, *, known: tuple[str, ...]) -> str:
        """One of the words known."""
        value = self.values.get(name)
        if value is None:
            return usual
        if value not in known:
            raise self._wrong(name, f"one of {', '.join(map(repr, known))}, which our networks can do")
        return str(value)

    def side(self, name: str) -> int | None:
        """The side of a square picture in pixels, from a number or from a (height, width) or (3, height, width)."""
        value = self.values.get(name)
        if value is None:
            return None
        sides = value[-2:] if isinstance(value, list) else [value]
        if isinstance(value, dict):
            sides = [value.get(key) for key in ("height", "width", "shortest_edge") if key in value]
        if not sides or any(type(side) is not int or not 1 <= side <= _MOST_PIXELS for side in sides):
            raise self._wrong(name, f"pixels from 1 to {_MOST_PIXELS:,}")
        if len(set(sides)) > 1:
            raise self._wrong(name, "a square, as our networks read")
        return int(sides[0])

    def colours(self, name: str, *, low: float) -> tuple[float, float, float] | None:
        """Three finite numbers over `low`."""
        value = self.values.get(name)
        if value is None:
            return None
        right = isinstance(value, list) and len(value) == 3 and all(type(one) in (int, float) for one in value)  # noqa: PLR2004
        if not right or any(not math.isfinite(one) or one <= low for one in value):
            raise self._wrong(name, f"three numbers over {low:g}")
        red, green, blue = map(float, value)
        return red, green, blue

    def _wrong(self, name: str, wanted: str) -> UsageError:
        return UsageError(f"{self.where}: {name} is {str(self.values.get(name))[:60]!r} and not {wanted}")


def beside(file: WeightFile, name: str) -> Config | None:
    """The JSON object in the file called `name` beside the weights, or None where there is none."""
    content = file.beside(name)
    if content is None:
        return None
    where = str(file.path.parent / name)
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where} is no JSON ({error}): take it from a copy or away") from error
    if not isinstance(values, dict):
        raise UsageError(f"{where} holds no JSON object: take it from a copy or away")
    return Config(values, where)
