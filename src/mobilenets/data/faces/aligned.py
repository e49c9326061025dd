"""A photograph turned, scaled and shifted so that the eyes of its face stand where a network expects them."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.decode import decode
from mobilenets.data.faces.detector import USUAL, Face, find_face
from mobilenets.data.photos import ArrayPhoto, BadImage, Photo
from mobilenets.data.views import Array, shrink
from mobilenets.maths.similarity import Point, similarity

TEMPLATE = ((38.2946, 51.6963), (73.5318, 51.5014))
"""The eyes (left in the picture, right) in a crop of 112 x 112 pixels, as InsightFace aligns ArcFace's faces."""
TEMPLATE_SIDE = 112
NO_FACE = "no face found"


@dataclass(frozen=True, slots=True)
class Aligned:
    """A crop, (size, size, 3); `by_eyes` is false where only the face was found and is taken to be upright."""

    pixels: Array
    by_eyes: bool


@dataclass(frozen=True, slots=True)
class AlignedPhoto:
    """The largest face of another photograph, aligned when it is read, `size` pixels wide and high."""

    photo: Photo
    size: int

    @property
    def name(self) -> str:
        """The other photograph's name."""
        return self.photo.name

    def read(self) -> bytes:
        """The crop as a PNG; raises `BadImage` where the photograph cannot be had or shows no face."""
        return ArrayPhoto(self.name, aligned_face(self.photo.read(), size=self.size).pixels).read()


def aligned_face(content: bytes, *, size: int = TEMPLATE_SIDE) -> Aligned:
    """The largest face of an encoded image file.

    Raises `BadImage` where it cannot be decoded and, with the words `NO_FACE`, where no face is found; `UsageError`
    where OpenCV is missing.
    """
    photograph = decode(content)
    face = find_face(photograph)
    if face is None:
        raise BadImage(NO_FACE)
    return Aligned(align(photograph, face, size=size), by_eyes=face.eyes is not None)


def align(photograph: Array, face: Face, *, size: int = TEMPLATE_SIDE) -> Array:
    """The (size, size, 3) crop in which the eyes stand as in `TEMPLATE`; what lies outside the photograph is black.

    Of a face without eyes they are taken to be where they usually are in its box.
    """
    cv2: Any = import_module("cv2")
    # A large face is scaled down before it is turned: turning looks at four pixels only and would pick out some.
    factor = min(_scale(face, size), 1.0)
    shown = shrink(photograph, side=max(round(min(photograph.shape[:2]) * factor), 1))
    height, width = photograph.shape[:2]
    matrix = onto_template(face.scaled(shown.shape[1] / width, shown.shape[0] / height), size=size)
    return np.asarray(cv2.warpAffine(shown, matrix, (size, size), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def onto_template(face: Face, *, size: int) -> NDArray[np.float64]:
    """The (2, 3) matrix from places in the photograph to places in its crop, counted from the first pixel's middle."""
    (left, top), (right, other) = _eyes(face)
    return similarity(((left - 0.5, top - 0.5), (right - 0.5, other - 0.5)), template(size))


def template(size: int) -> tuple[Point, Point]:
    """The eyes in a crop of size x size pixels."""
    (left, top), (right, other) = TEMPLATE
    factor = size / TEMPLATE_SIDE
    return (left * factor, top * factor), (right * factor, other * factor)


def _eyes(face: Face) -> tuple[Point, Point]:
    return face.eyes or (face.box.at(USUAL[0]), face.box.at(USUAL[1]))


def _scale(face: Face, size: int) -> float:
    matrix = onto_template(face, size=size)
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))
