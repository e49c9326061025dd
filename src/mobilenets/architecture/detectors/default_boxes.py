"""The shapes of default boxes, as plain numbers: which stand at each place of which map."""

from collections.abc import Sequence
from math import sqrt

from mobilenets.architecture.layer import Shape

# What the default boxes are as large as, from the finest map to the coarsest (section 2.2 of SSD).
SMALLEST, LARGEST = 0.2, 0.95
# The finest map of TensorFlow's SSD has one box of its own size, and two twice as large.
_FINE = 0.1
_RATIOS = (1.0, 2.0, 1 / 2, 3.0, 1 / 3)


def scales(maps: int, *, smallest: float = SMALLEST, largest: float = LARGEST) -> tuple[float, ...]:
    """The side of a square default box on each map as a share of the image's, evenly spread."""
    step = (largest - smallest) / max(maps - 1, 1)
    return tuple(smallest + step * place for place in range(maps))


def map_shapes(sides: Sequence[float], place: int, *, count: int) -> tuple[Shape, ...]:
    """The `count` shapes on one map: aspect ratios (width over height) 1, 2, 1/2, and with 6 shapes 3 and 1/3.

    The last is a square between this map's side and the next one's, which is that of the whole image behind the last.
    A map with 3 shapes has a small square, and the ratios 2 and 1/2 at its own side.
    """
    side = sides[place]
    if count == len(_SPARE):
        return (_shape(_FINE, 1.0), *(_shape(side, ratio) for ratio in _SPARE[1:]))
    following = sides[place + 1] if place + 1 < len(sides) else max(1.0, side)
    return (*(_shape(side, ratio) for ratio in _RATIOS[: count - 1]), _shape(sqrt(side * following), 1.0))


_SPARE = _RATIOS[:3]


def anchors(sides: Sequence[float], ratios: Sequence[float]) -> tuple[Shape, ...]:
    """Every side at every aspect ratio: the anchors of Faster R-CNN."""
    return tuple(_shape(side, ratio) for ratio in ratios for side in sides)


def _shape(side: float, ratio: float) -> Shape:
    return (side / sqrt(ratio), side * sqrt(ratio))
