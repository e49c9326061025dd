"""What part of a photograph is seen and how: the paper's augmentation, and the cutting itself.

A view is drawn from (seed, epoch, index) alone, so that the same photograph looks the same in the same epoch
whatever the number of workers, processes or restarts.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mobilenets.data.preprocess import Box, Interpolation

Array = NDArray[np.uint8]

# TF-Slim's distortions: aspect 3/4 to 4/3, brightness 32/255, saturation .5 to 1.5.
ASPECT = (3 / 4, 4 / 3)
BRIGHTNESS = 32.0
SATURATION = (0.5, 1.5)
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Distortion:
    """How far a view may stray: the smallest share of the area it shows, mirroring, colour.

    So many of the images are mosaics (`mosaic`, a share), in the first `mosaic_epochs` epochs alone.
    """

    min_area: float
    mirror: bool
    colour: bool
    mosaic: float = 0.0
    mosaic_epochs: int = 0

    def joins(self, epoch: int, random: np.random.Generator) -> bool:
        """Whether an image of an epoch is to be a mosaic; draws a number only where it could be one."""
        return self.mosaic > 0 and epoch < self.mosaic_epochs and random.random() < self.mosaic


@dataclass(frozen=True, slots=True)
class Frame:
    """A photograph of height x width pixels, a view of which is shown in a place `aspect` times as wide as high."""

    height: int
    width: int
    aspect: float = 1.0


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a photograph. Brightness is added to [0, 255], saturation multiplies the colour.

    `contrast` and `hue` (degrees) are for those who vary these too (`colours.photometric`), in all of their views.
    `number` says which of the photograph's views it is, `size` the (height, width) of the photograph that the box is a
    part of; without it the box is all of it.
    """

    box: Box
    mirrored: bool = False
    brightness: float = 0.0
    saturation: float = 1.0
    number: int = 0
    size: tuple[int, int] | None = None
    contrast: float | None = None
    hue: float | None = None


def generator(*, seed: int, epoch: int, index: int) -> np.random.Generator:
    """Random numbers that belong to one photograph in one epoch; seed and epoch are below 2**32, index below 2**64."""
    return np.random.Generator(np.random.Philox(key=np.array([(seed << 32) + epoch, index], dtype=np.uint64)))


def random_view(height: int, width: int, distortion: Distortion, random: np.random.Generator) -> View:
    """A view of a height x width photograph (section 3.2: crops limited in area, no heavy distortion)."""
    box = _random_box(height, width, min_area=distortion.min_area, random=random)
    mirrored = distortion.mirror and bool(random.integers(2))
    if not distortion.colour:
        return View(box, mirrored)
    return View(box, mirrored, random.uniform(-BRIGHTNESS, BRIGHTNESS), random.uniform(*SATURATION))


def _random_box(height: int, width: int, *, min_area: float, random: np.random.Generator) -> Box:
    for _ in range(_TRIES):
        area = height * width * random.uniform(min_area, 1.0)
        aspect = math.exp(random.uniform(math.log(ASPECT[0]), math.log(ASPECT[1])))
        tall, wide = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
        if 0 < tall <= height and 0 < wide <= width:
            top, left = int(random.integers(height - tall + 1)), int(random.integers(width - wide + 1))
            return Box(top, left, tall, wide)
    return _largest_box(height, width)


def _largest_box(height: int, width: int) -> Box:
    """The middle of a photograph: all of it, unless it is too long or too tall for the limits of the aspect."""
    wide = min(width, max(round(height * ASPECT[1]), 1))
    tall = min(height, max(round(width / ASPECT[0]), 1))
    return Box((height - tall) // 2, (width - wide) // 2, tall, wide)


def cut(photograph: Array, box: Box, *, height: int, width: int, interpolation: Interpolation = "bilinear") -> Array:
    """The box scaled to (height, width, 3). What needs no change may come without a copy."""
    part = photograph[box.top : box.top + box.height, box.left : box.left + box.width]
    if (box.height, box.width) == (height, width):
        return np.ascontiguousarray(part)
    if interpolation == "tf_bilinear":
        return _sampled(part, height=height, width=width)
    # Copied by numpy: torch would copy a slice with all its threads, which costs more than the scaling itself. As an
    # (N, H, W, 3) array it is channels last to torch, which then scales it as it is and answers in kind.
    pixels = torch.from_numpy(part[None].copy()).permute(0, 3, 1, 2)
    scaled = _scaled(pixels, (height, width), interpolation)
    return scaled.permute(0, 2, 3, 1)[0].contiguous().numpy()


def _sampled(part: Array, *, height: int, width: int) -> Array:
    """TensorFlow 1's `resize_bilinear`: each pixel from the two by two around its place, corners not aligned."""
    top, bottom, down = _between(part.shape[0], height)
    left, right, along = _between(part.shape[1], width)
    rows = _mixed(part[top].astype(np.float32), part[bottom].astype(np.float32), down[:, None, None])
    return np.rint(_mixed(rows[:, left], rows[:, right], along[None, :, None])).astype(np.uint8, order="C")


def _between(pixels: int, places: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Of each place the pixel before, the one behind (the last has none), and how far it is on its way there."""
    at = np.arange(places, dtype=np.float32) * np.float32(pixels / places)
    before = np.minimum(at.astype(np.int64), pixels - 1)
    return before, np.minimum(before + 1, pixels - 1), at - before.astype(np.float32)


def _mixed(first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    return first + (second - first) * share


def _scaled(pixels: Tensor, size: tuple[int, int], interpolation: Interpolation) -> Tensor:
    if interpolation == "bilinear":
        return F.interpolate(pixels, size, mode="bilinear", antialias=True)
    # Bicubic overshoots: not every machine's kernel for bytes clamps it, and torchvision knows which ones do.
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2.functional import resize_image

    return resize_image(pixels, list(size), interpolation=InterpolationMode.BICUBIC, antialias=True)


def shrink(photograph: Array, *, side: int) -> Array:
    """The whole photograph with its shorter side at `side` pixels, if it is larger; aspect kept."""
    height, width = photograph.shape[:2]
    shorter = min(height, width)
    if shorter <= side:
        return photograph
    return cut(
        photograph,
        Box(0, 0, height, width),
        height=round(height * side / shorter),
        width=round(width * side / shorter),
    )
