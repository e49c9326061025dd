"""What a detector is shown of a photograph in training: SSD's crop, mirroring and photometric distortion (SSD, 2.2)."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.preprocess import Box
from mobilenets.data.views import BRIGHTNESS, SATURATION, Distortion, Frame, View

# Reference: how much of some object a crop covers at least, its aspect, and how often the photograph stays whole.
OVERLAPS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
ASPECT = (0.5, 2.0)
WHOLE = 0.15
# SSD's own: each of the four distortions is done to every other photograph; hue is in degrees.
CONTRAST, HUE = (0.5, 1.5), 18.0
_OFTEN = 0.5
_TRIES = 50
_ROUNDING = 1e-9

Boxes = NDArray[np.float64]


def scene_view(frame: Frame, boxes: Boxes, distortion: Distortion, random: np.random.Generator) -> View:
    """A view of a photograph in which objects stand, `boxes` (n, 4) as shares of it."""
    box = ssd_box(frame, boxes, min_area=distortion.min_area, random=random)
    view = View(box, distortion.mirror and bool(random.integers(2)))
    return _coloured(view, random) if distortion.colour else view


def ssd_box(frame: Frame, boxes: Boxes, *, min_area: float, random: np.random.Generator) -> Box:
    """A part of the photograph, of `min_area` at least, that covers so much of an object and has its middle inside.

    How much is drawn first. What it covers is a share of the object, as in the authors' TensorFlow code; all of it can
    be asked for so, and SSD's own measure, intersection over union, has no crop that does that. The photograph is whole
    where no crop of many does so, and with a `min_area` of 1.
    """
    if min_area >= 1 or random.random() < WHOLE:
        return Box(0, 0, frame.height, frame.width)
    covered = OVERLAPS[random.integers(len(OVERLAPS))]
    crops = _crops(frame, min_area=min_area, random=random)
    if len(boxes) and len(crops):
        corners = boxes * np.array([frame.width, frame.height] * 2)
        crops = crops[(_shares(crops, corners) >= covered - _ROUNDING).any(1)]
    if not len(crops):
        return Box(0, 0, frame.height, frame.width)
    left, top, right, bottom = crops[0].tolist()
    return Box(top, left, bottom - top, right - left)


def _crops(frame: Frame, *, min_area: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Crops (m, 4) that lie in the photograph: left, top, right and bottom in pixels."""
    drawn = random.random((_TRIES, 4))
    area = frame.height * frame.width * (min_area + (1 - min_area) * drawn[:, 0])
    low, high = math.log(ASPECT[0]), math.log(ASPECT[1])
    # Against the place it is shown in: that is how far things are stretched.
    aspect = frame.aspect * np.exp(low + (high - low) * drawn[:, 1])
    sides = np.rint(np.stack([np.sqrt(area * aspect), np.sqrt(area / aspect)], 1)).astype(np.int64)
    room = np.array([frame.width, frame.height]) - sides
    fits = ((sides > 0) & (room >= 0)).all(1)
    at = np.floor(drawn[fits, 2:] * (room[fits] + 1)).astype(np.int64)
    return np.concatenate([at, at + sides[fits]], 1)


def _shares(crops: NDArray[np.int64], boxes: Boxes) -> NDArray[np.float64]:
    """(crops, boxes) how much of each box each crop covers; less than nothing where its middle is outside."""
    low, high = np.maximum(crops[:, None, :2], boxes[:, :2]), np.minimum(crops[:, None, 2:], boxes[:, 2:])
    covered = (high - low).clip(0).prod(-1) / (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((middle >= crops[:, None, :2]) & (middle < crops[:, None, 2:])).all(-1)
    return np.where(inside, covered, -1.0)


def _coloured(view: View, random: np.random.Generator) -> View:
    done, much = random.random(4) < _OFTEN, random.uniform(-1, 1, 4)
    brightness, contrast, saturation, hue = np.where(done, much, 0.0).tolist()
    return replace(
        view,
        brightness=brightness * BRIGHTNESS,
        contrast=1 + contrast * (CONTRAST[1] - 1),
        saturation=1 + saturation * (SATURATION[1] - 1),
        hue=hue * HUE,
    )
