"""What is learnt from where a teacher speaks in place of labels, or beside them. Both keep `Examples`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.examples import Examples, Target, view_of
from mobilenets.data.mosaic import Tile
from mobilenets.data.photos import Photo
from mobilenets.data.views import Distortion, Frame, View

WANTED = "teacher"
"""The target that holds a teacher's outputs, where they are known beforehand."""


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Photographs of which nothing is known. `Examples` without truths and targets."""

    photos: Sequence[Photo]

    def truth(self, place: int) -> object:
        return None

    def target(self, place: int, view: View) -> Target:
        return {}

    def joined(self, tiles: Sequence[Tile], *, side: int) -> Target:
        return {}


@dataclass(frozen=True, slots=True)
class Taught:
    """Examples with a teacher's outputs for their views, (views, photographs, outputs).

    The truth of a photograph is what the teacher says of its first view.
    """

    whole: Examples
    outputs: NDArray[np.float32]

    @property
    def photos(self) -> Sequence[Photo]:
        return self.whole.photos

    def truth(self, place: int) -> object:
        return self.outputs[0, place]

    def target(self, place: int, view: View) -> Target:
        return {**self.whole.target(place, view), WANTED: self.outputs[view.number, place]}

    def view(self, place: int, frame: Frame, distortion: Distortion, random: np.random.Generator) -> View:
        return view_of(self.whole, place, frame, distortion, random)
