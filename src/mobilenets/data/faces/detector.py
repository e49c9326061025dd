"""The largest face of a photograph and its eyes, found by OpenCV's Haar cascades (Viola and Jones, 2001)."""

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from typing import Any

import numpy as np

from mobilenets.data.views import Array, shrink
from mobilenets.errors import UsageError
from mobilenets.maths.similarity import Point

INSTALL = "pip install 'mobilenets[faces]'"
FACES = "haarcascade_frontalface_alt2.xml"
EYES = ("haarcascade_eye_tree_eyeglasses.xml", "haarcascade_eye.xml")
"""The second is asked where the first finds nothing: it finds more, and places it less exactly."""

USUAL = ((0.32, 0.395), (0.68, 0.395))
"""Where the eyes of an upright face are in the box that the cascade of faces draws, in shares of its side: rounded
medians of what the cascades of eyes find in photographs of LFW."""

# Pixels of the shorter side in which faces are looked for, and of a face in which eyes are.
_SIDE = 480
_FACE_SIDE = 256
_SMALLEST = 1 / 12
# Shares of the shorter side by which a photograph is widened, its outermost pixels repeated. The cascade knows a face
# by the room about it, which a close portrait lacks; where there is room, more of it does no good.
_MARGINS = (0.0, 0.25)
_NEIGHBOURS = 5
# Halves of the face that share its middle, and the rows in which eyes may be.
_HALVES = ((0.0, 0.55), (0.45, 1.0))
_ROWS = (0.15, 0.6)
_EYE_NEIGHBOURS = 3
_SMALLEST_EYE = 0.12
# A pair of eyes: how far apart in shares of the face's side, how steep, how far from where they usually are. The box
# tells a face's scale better than a pair that says another: one of its eyes is none, or the head is turned away.
_APART = (0.28, 0.44)
_STEEPEST = math.radians(30)
_STRAY = 0.17


@dataclass(frozen=True, slots=True)
class FaceBox:
    """The square in which a face was found, in pixels from the photograph's upper left corner."""

    left: float
    top: float
    side: float

    def at(self, share: Point) -> Point:
        """The pixel at shares of the side, counted from the box's corner."""
        return self.left + share[0] * self.side, self.top + share[1] * self.side


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a photograph, in pixels from its upper left corner: the middle of the first pixel is (.5, .5).

    The eyes (left in the picture, right) are None where they were not found.
    """

    box: FaceBox
    eyes: tuple[Point, Point] | None

    def scaled(self, across: float, down: float) -> "Face":
        """The face in the same photograph scaled by these factors, nearly equal."""
        box = FaceBox(self.box.left * across, self.box.top * down, self.box.side * (across + down) / 2)
        if self.eyes is None:
            return Face(box, None)
        (left, top), (right, other) = self.eyes
        return Face(box, ((left * across, top * down), (right * across, other * down)))


def check_detector() -> None:
    """Raise `UsageError` where there is no OpenCV, or one without cascades."""
    try:
        cv2: Any = import_module("cv2")
    except ImportError as error:
        raise UsageError(f"finding faces needs an extra: {INSTALL}") from error
    # The wheels of OpenCV 5 lack the one, a system's own OpenCV the other.
    if not (hasattr(cv2, "CascadeClassifier") and hasattr(cv2, "data")):
        raise UsageError(f"finding faces needs OpenCV 4's wheel, and this is OpenCV {cv2.__version__}: {INSTALL}")


def find_face(photograph: Array) -> Face | None:
    """The largest face of an (H, W, 3) photograph that looks ahead, upright or turned by up to some 20 degrees.

    Its side is at least a twelfth of the photograph's shorter side. None where there is no such face. Safe in threads.
    Raises `UsageError` as `check_detector` does.
    """
    shown = shrink(photograph, side=_SIDE)
    found = _cascades().face(shown)
    if found is None:
        return None
    height, width = photograph.shape[:2]
    return found.scaled(width / shown.shape[1], height / shown.shape[0])


class _Cascades:
    """The cascades, read once; no two threads may use one of them."""

    def __init__(self) -> None:
        check_detector()
        self._cv2: Any = import_module("cv2")
        self._faces = self._read(FACES)
        self._eyes = [self._read(name) for name in EYES]

    def _read(self, name: str) -> Any:
        return self._cv2.CascadeClassifier(f"{self._cv2.data.haarcascades}{name}")

    def face(self, photograph: Array) -> Face | None:
        grey = self._cv2.cvtColor(np.ascontiguousarray(photograph), self._cv2.COLOR_RGB2GRAY)
        least = max(round(min(grey.shape) * _SMALLEST), 1)
        margins = (round(min(grey.shape) * share) for share in _MARGINS)
        return next(filter(None, (self._face_in(grey, margin=margin, least=least) for margin in margins)), None)

    def _face_in(self, grey: Array, *, margin: int, least: int) -> Face | None:
        wide = np.pad(grey, margin, mode="edge")
        boxes = self._faces.detectMultiScale(wide, scaleFactor=1.1, minNeighbors=_NEIGHBOURS, minSize=(least, least))
        if not len(boxes):
            return None
        left, top, side = max((tuple(map(int, box[:3])) for box in boxes), key=lambda one: (one[2], one))
        box = FaceBox(left - margin, top - margin, side)
        pair = self._eyes_in(wide[top : top + side, left : left + side])
        return Face(box, pair and (box.at(pair[0]), box.at(pair[1])))

    def _eyes_in(self, part: Array) -> tuple[Point, Point] | None:
        """The eyes in a square of greys, in shares of its side."""
        face = self._cv2.resize(part, (_FACE_SIDE, _FACE_SIDE), interpolation=self._cv2.INTER_LINEAR)
        left, right = (list(self._eyes_between(face, half)) for half in _HALVES)
        return best_pair(left, right)

    def _eyes_between(self, face: Array, half: tuple[float, float]) -> Iterator[Point]:
        """The middles of what may be eyes in one half of a face, in shares of its side."""
        (left, right), (top, bottom) = (tuple(round(share * _FACE_SIDE) for share in pair) for pair in (half, _ROWS))
        least = round(_SMALLEST_EYE * _FACE_SIDE)
        for cascade in self._eyes:
            boxes = cascade.detectMultiScale(
                face[top:bottom, left:right], scaleFactor=1.05, minNeighbors=_EYE_NEIGHBOURS, minSize=(least, least)
            )
            for x, y, width, height in (map(int, box) for box in boxes):
                yield (left + x + width / 2) / _FACE_SIDE, (top + y + height / 2) / _FACE_SIDE
            if len(boxes):
                return


def best_pair(lefts: list[Point], rights: list[Point]) -> tuple[Point, Point] | None:
    """Of what may be eyes the two that are nearest to where eyes usually are; None where no two can be a pair.

    Points are in shares of the face's side. A pair is at most 30 degrees steep, .28 to .44 of the side apart, and each
    eye at most .17 from its usual place.
    """
    pairs = [pair for pair in product(lefts, rights) if _plausible(*pair)]
    return min(pairs, key=lambda pair: (sum(_strays(*pair)), pair), default=None)


def _plausible(left: Point, right: Point) -> bool:
    across, down = right[0] - left[0], right[1] - left[1]
    near, far = _APART
    return (
        near <= math.hypot(across, down) <= far
        and abs(math.atan2(down, across)) <= _STEEPEST
        and max(_strays(left, right)) <= _STRAY
    )


def _strays(left: Point, right: Point) -> tuple[float, float]:
    return math.dist(left, USUAL[0]), math.dist(right, USUAL[1])


_of_thread = threading.local()


def _cascades() -> _Cascades:
    if not hasattr(_of_thread, "cascades"):
        _of_thread.cascades = _Cascades()
    cascades: _Cascades = _of_thread.cascades
    return cascades
