"""What one image of a batch shows: a photograph as it stands, a random view of it, or a mosaic that begins with it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mobilenets.data.examples import Examples, Target, joined, view_of
from mobilenets.data.mosaic import JOINED, Tile, corners
from mobilenets.data.photos import BadImage
from mobilenets.data.preprocess import Box
from mobilenets.data.reading import Pixels
from mobilenets.data.views import Array, Distortion, Frame, View, cut, generator


@dataclass(frozen=True, slots=True)
class Seen:
    """What an image shows; of a mosaic the place and the view of its first photograph."""

    place: int
    view: View
    target: Target


@dataclass(frozen=True, slots=True)
class Looking:
    """Makes images of `resolution` x `resolution` pixels; each follows from its place, its epoch and these alone."""

    examples: Examples
    pixels: Pixels
    resolution: int
    distortion: Distortion | None
    seed: int
    views: int

    def look(self, place: int, epoch: int, image: Array) -> Seen | None:
        """Fill in the image and say what it shows; None where the photograph cannot be read."""
        try:
            photograph = self.pixels[place]
        except BadImage:
            return None
        height, width = photograph.shape[:2]
        if self.distortion is None:
            return self._one(place, photograph, View(Box(0, 0, height, width)), image)
        number = epoch % self.views if self.views else epoch
        random = generator(seed=self.seed, epoch=number, index=place)
        if self.distortion.joins(epoch, random):
            return self._mosaic(place, photograph, random, image)
        view = view_of(self.examples, place, Frame(height, width), self.distortion, random)
        return self._one(place, photograph, replace(view, number=number, size=(height, width)), image)

    def _one(self, place: int, photograph: Array, view: View, image: Array) -> Seen:
        _show(photograph, view, image)
        return Seen(place, view, self.examples.target(place, view))

    def _mosaic(self, place: int, photograph: Array, random: np.random.Generator, image: Array) -> Seen:
        tiles = list(self._tiles(place, photograph, random, image))
        # An image has the colours of one view.
        return Seen(place, tiles[0].view, joined(self.examples, tiles, side=self.resolution))

    def _tiles(self, place: int, photograph: Array, random: np.random.Generator, image: Array) -> Iterator[Tile]:
        assert self.distortion is not None
        others = random.integers(len(self.examples.photos), size=JOINED - 1).tolist()
        for other, box in zip((place, *others), corners(self.resolution, random), strict=True):
            # What cannot be read is noted when its own turn comes: the first photograph stands here once more.
            own, pixels = self._read(other) or (place, photograph)
            size = (pixels.shape[0], pixels.shape[1])
            view = view_of(self.examples, own, Frame(*size, box.width / box.height), self.distortion, random)
            tile = Tile(own, replace(view, size=size), box)
            _show(pixels, tile.view, image[box.top : box.top + box.height, box.left : box.left + box.width])
            yield tile

    def _read(self, place: int) -> tuple[int, Array] | None:
        try:
            return place, self.pixels[place]
        except BadImage:
            return None


def _show(photograph: Array, view: View, image: Array) -> None:
    """Fill the image with the view."""
    height, width = image.shape[:2]
    seen = cut(photograph, view.box, height=height, width=width)
    if not view.mirrored:
        image[:] = seen
        return
    # One colour at a time: numpy turns rows of bytes four times faster than rows of threes.
    for colour in range(3):
        image[:, :, colour] = seen[:, ::-1, colour]
