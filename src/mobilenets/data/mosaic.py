"""Mosaics: four photographs in one image, each a view of its own, around a place where all of them meet."""

from dataclasses import dataclass

import numpy as np

from mobilenets.data.preprocess import Box
from mobilenets.data.views import View

JOINED = 4
# They meet in the middle two fifths of the image, so that none of them is much longer than wide.
_MIDDLE = (0.3, 0.7)


@dataclass(frozen=True, slots=True)
class Tile:
    """One photograph of a mosaic, by its place among the examples: the view of it that fills `box` of the image."""

    place: int
    view: View
    box: Box


def corners(side: int, random: np.random.Generator) -> tuple[Box, ...]:
    """The four parts of a square image of `side` pixels, at least two, that share one corner."""
    down, along = (min(max(round(side * random.uniform(*_MIDDLE)), 1), side - 1) for _ in range(2))
    rows, columns = ((0, down), (down, side - down)), ((0, along), (along, side - along))
    return tuple(Box(top, left, tall, wide) for top, tall in rows for left, wide in columns)
