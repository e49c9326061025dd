"""Photographs with boxes, as a detector learns from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.objects import Objects
from mobilenets.data.examples import Target
from mobilenets.data.mosaic import JOINED, Tile
from mobilenets.data.photos import Photo
from mobilenets.data.views import Distortion, Frame, View
from mobilenets.tasks.detect.views import scene_view

NONE = -1
# A view that is filled by a tenth of a thing, or less, does not tell what it is.
VISIBLE = 0.1

Boxes = NDArray[np.float64]
Kinds = NDArray[np.int64]


@dataclass(frozen=True)
class Scenes:
    """Photographs and what stands in them. `Examples` of detection.

    `kinds` numbers the labels that are learnt. `most` is how many boxes an image has at most, that of four photographs
    included: every target is filled up to that with boxes of no kind, so that many of them make a batch.
    """

    photos: tuple[Photo, ...]
    objects: tuple[Objects, ...]
    kinds: Mapping[str, int]
    notes: tuple[str, ...] = ()
    most: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "most", JOINED * max((len(one) for one in self.objects), default=0))

    def truth(self, place: int) -> Objects:
        return self.objects[place]

    def target(self, place: int, view: View) -> Target:
        """`boxes` (most, 4) as shares of the view, `kinds` (most,); crowds and difficult boxes are not among them."""
        return padded(*self._seen(place, view), most=self.most)

    def view(self, place: int, frame: Frame, distortion: Distortion, random: np.random.Generator) -> View:
        """SSD's view of a photograph, by what is to be learnt there."""
        return scene_view(frame, self._learnt(place)[0], distortion, random)

    def joined(self, tiles: Sequence[Tile], *, side: int) -> Target:
        """As `target`; boxes are shares of the whole image."""
        boxes, kinds = zip(*(self._seen(tile.place, tile.view) for tile in tiles), strict=True)
        put = [placed(several, tile, side=side) for several, tile in zip(boxes, tiles, strict=True)]
        return padded(np.concatenate(put), np.concatenate(kinds), most=self.most)

    def _seen(self, place: int, view: View) -> tuple[Boxes, Kinds]:
        boxes, kinds = self._learnt(place)
        moved, shown = seen_through(view, boxes)
        return moved[shown], kinds[shown]

    def _learnt(self, place: int) -> tuple[Boxes, Kinds]:
        one = self.objects[place]
        kinds = np.array([self.kinds.get(label, NONE) for label in one.labels], dtype=np.int64)
        learnt = one.counted & (kinds != NONE)
        return one.shares[learnt], kinds[learnt]


def seen_through(view: View, boxes: Boxes) -> tuple[Boxes, NDArray[np.bool_]]:
    """Shares (n, 4) of a photograph as shares of a view of it, clipped; and which (n,) count as shown by it.

    Those do whose middle the view shows (SSD, section 2.2) and a tenth of their area. Of a box that is smaller than the
    view a quarter is shown then in any case.
    """
    box, (height, width) = view.box, view.size or (view.box.height, view.box.width)
    scale = np.array([width / box.width, height / box.height] * 2)
    moved = boxes * scale - np.array([box.left / box.width, box.top / box.height] * 2)
    middle = (moved[:, :2] + moved[:, 2:]) / 2
    clipped = moved.clip(0, 1)
    enough = _areas(clipped) >= VISIBLE * _areas(moved)
    shown = ((middle >= 0) & (middle < 1)).all(1) & enough & (_areas(clipped) > 0)
    if view.mirrored:
        clipped = np.stack([1 - clipped[:, 2], clipped[:, 1], 1 - clipped[:, 0], clipped[:, 3]], axis=1)
    return clipped, shown


def _areas(boxes: Boxes) -> NDArray[np.float64]:
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)


def placed(boxes: Boxes, tile: Tile, *, side: int) -> Boxes:
    """Shares (n, 4) of a tile as shares of the square image of `side` pixels that it is a part of."""
    part = tile.box
    scale = np.array([part.width, part.height] * 2)
    return (boxes * scale + np.array([part.left, part.top] * 2)) / side


def padded(boxes: Boxes, kinds: Kinds, *, most: int) -> Target:
    """Boxes (n, 4) and their kinds, filled up to `most`."""
    full, told = np.zeros((most, 4), np.float32), np.full(most, NONE, np.int64)
    full[: len(boxes)], told[: len(kinds)] = boxes, kinds
    return {"boxes": full, "kinds": told}
