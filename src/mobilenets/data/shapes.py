"""What is kept of a decoded photograph: all that random views may show, or exactly what evaluation shows."""

import math
from dataclasses import dataclass
from typing import Protocol

from mobilenets.data.decode import decode
from mobilenets.data.preprocess import Preprocessing, central_box
from mobilenets.data.views import Array, cut, shrink

# No photograph has so many pixels: its JPEG is decoded at full size, because scaling it down there would antialias.
_UNSCALED = 1 << 30


class Shape(Protocol):
    """What is kept of a photograph. `str()` says it in full: two shapes of the same words keep the same pixels."""

    @property
    def side(self) -> int:
        """Pixels of the shorter side below which a decoder must not scale."""
        ...

    def __call__(self, photograph: Array) -> Array: ...


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole photograph, its shorter side at most `side` pixels: what random views are cut from."""

    side: int

    def __call__(self, photograph: Array) -> Array:
        return shrink(photograph, side=self.side)

    def __str__(self) -> str:
        return f"whole, shorter side {self.side}"


@dataclass(frozen=True, slots=True)
class Centre:
    """Exactly what the network is shown in evaluation."""

    preprocessing: Preprocessing

    @property
    def side(self) -> int:
        if self.preprocessing.interpolation == "tf_bilinear":
            return _UNSCALED
        return math.ceil(self.preprocessing.resolution / self.preprocessing.crop)

    def __call__(self, photograph: Array) -> Array:
        height, width = photograph.shape[:2]
        box = central_box(height, width, self.preprocessing)
        side = self.preprocessing.resolution
        return cut(photograph, box, height=side, width=side, interpolation=self.preprocessing.interpolation)

    def __str__(self) -> str:
        shown = self.preprocessing
        words = f"centre {shown.crop!r} of {'each' if shown.squash else 'the shorter'} side, {shown.resolution}"
        words += f", {shown.up!r} up" if shown.up else ""
        return words if shown.interpolation == "bilinear" else f"{words}, {shown.interpolation}"


def shaped(content: bytes, shape: Shape) -> Array:
    """An encoded image file as the pixels that `shape` keeps; raises `BadImage`."""
    return shape(decode(content, at_least=shape.side))
