"""Photographs with boxes, as a detector learns from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.objects import Objects
from mobilenets.data.examples import Target
from mobilenets.data.photos import Photo
from mobilenets.data.views import View

NONE = -1


@dataclass(frozen=True)
class Scenes:
    """Photographs and what stands in them. `Examples` of detection.

    `kinds` numbers the labels that are learnt. `most` is how many boxes a photograph has at most: every target is
    filled up to that with boxes of no kind, so that many of them make a batch.
    """

    photos: tuple[Photo, ...]
    objects: tuple[Objects, ...]
    kinds: Mapping[str, int]
    notes: tuple[str, ...] = ()
    most: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "most", max((len(one) for one in self.objects), default=0))

    def truth(self, place: int) -> Objects:
        return self.objects[place]

    def target(self, place: int, view: View) -> Target:
        """`boxes` (most, 4) as shares of the view, `kinds` (most,); crowds and difficult boxes are not among them."""
        one = self.objects[place]
        kinds = np.array([self.kinds.get(label, NONE) for label in one.labels], dtype=np.int64)
        boxes, inside = seen_through(view, one.shares)
        return padded(boxes, np.where(inside & one.counted, kinds, NONE), most=self.most)


def seen_through(view: View, boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Shares (n, 4) of a photograph as shares of a view of it, clipped; and whose middle (n,) it shows."""
    box, (height, width) = view.box, view.size or (view.box.height, view.box.width)
    scale = np.array([width / box.width, height / box.height] * 2)
    moved = boxes * scale - np.array([box.left / box.width, box.top / box.height] * 2)
    middle = (moved[:, :2] + moved[:, 2:]) / 2
    inside = ((middle >= 0) & (middle < 1)).all(1)
    if view.mirrored:
        moved = np.stack([1 - moved[:, 2], moved[:, 1], 1 - moved[:, 0], moved[:, 3]], axis=1)
    return moved.clip(0, 1), inside


def padded(boxes: NDArray[np.float64], kinds: NDArray[np.int64], *, most: int) -> Target:
    """Boxes of some kind alone, filled up to `most`."""
    known = kinds >= 0
    count = int(known.sum())
    full, told = np.zeros((most, 4), np.float32), np.full(most, NONE, np.int64)
    full[:count], told[:count] = boxes[known], kinds[known]
    return {"boxes": full, "kinds": told}
