"""From a decoded photograph to the network's input; stored with every checkpoint and built into every artefact."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mobilenets.settings import one_of_its_words, within

Interpolation = Literal["bilinear", "bicubic", "tf_bilinear"]

_TF_SLIM_CROP = 0.875


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """The central `crop` of the photograph, scaled to `resolution` x `resolution` RGB, then (x / 255 - mean) / std.

    `squash` crops that share of each side and changes the aspect (TF-Slim's evaluation); otherwise the crop is the
    square of that share of the shorter side. It lies `up` of the photograph's height above the middle, as faces do that
    a detector framed, but never outside. Mean and std of .5 scale to [-1, 1], as the authors trained.
    "bilinear" and "bicubic" are antialiased, as Pillow's are; "tf_bilinear" is TensorFlow 1's `resize_bilinear`, which
    is not: the authors trained and evaluated with it, and their small networks are several points better off so.
    Raises `UsageError` for a crop outside [.1, 1], a place outside [-.5, .5], a resolution under 1, a std that is not
    positive, an unknown interpolation.
    """

    resolution: int
    crop: float = 0.875
    squash: bool = False
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    interpolation: Interpolation = "bilinear"
    up: float = 0.0

    def __post_init__(self) -> None:
        within("resolution", self.resolution, low=1)
        within("crop", self.crop, low=0.1, high=1.0)
        within("up", self.up, low=-0.5, high=0.5)
        for std in self.std:
            within("std", std, low=0.0, open_low=True)
        one_of_its_words(self)

    @property
    def words(self) -> str:
        """All of it in words, for people."""
        higher = f", {abs(self.up):g} of its height {'up' if self.up > 0 else 'down'}" if self.up else ""
        return f"{self._crop_words}{higher}, {self.interpolation}, {self._scale_words}"

    @property
    def _crop_words(self) -> str:
        side = f"{self.resolution} x {self.resolution}"
        if not self.squash:
            part = "" if self.crop == 1.0 else f"{self.crop:g} of "
            return f"central square of {part}the shorter side, scaled to {side} (aspect kept)"
        if self.crop == 1.0:
            return f"whole photograph, squashed to {side}"
        tf_slim = self.crop == _TF_SLIM_CROP and self.interpolation == "tf_bilinear"
        official = " (as TF-Slim evaluates)" if tf_slim else ""
        return f"central {self.crop:g} of each side, squashed to {side}{official}"

    @property
    def _scale_words(self) -> str:
        if self.mean == self.std == (0.5, 0.5, 0.5):
            return "values in [-1, 1]"
        return f"mean {_numbers(self.mean)}, std {_numbers(self.std)} of values in [0, 1]"


def _numbers(values: tuple[float, ...]) -> str:
    return "/".join(f"{value:.3g}" for value in values)


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a photograph, in whole pixels from its top left corner."""

    top: int
    left: int
    height: int
    width: int


def central_box(height: int, width: int, preprocessing: Preprocessing) -> Box:
    """The part of a height x width photograph that is evaluated.

    What is cut off is the same whole number of pixels on both sides, rounded down, as TensorFlow's `central_crop`
    does; so a mirrored photograph gives the mirrored crop (to half a pixel in the longer direction of a square).
    torchvision's `Resize(resolution / crop)` and `CenterCrop(resolution)` cut the same square out of the scaled
    photograph: the very same where it comes at that size, else with edges about two pixels away at most (half a
    pixel on average), of the source or the output, whichever are larger.
    """
    if preprocessing.squash:
        tall, wide = _central(height, preprocessing.crop), _central(width, preprocessing.crop)
    else:
        tall = wide = _central(min(height, width), preprocessing.crop)
    top = min(max((height - tall) // 2 - round(preprocessing.up * height), 0), height - tall)
    return Box(top, (width - wide) // 2, tall, wide)


def _central(length: int, crop: float) -> int:
    return length - 2 * int((length - length * crop) / 2)


def scale(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Floats as the network takes them from (N, 3, H, W) values in [0, 255], bytes or floats."""
    mean = torch.tensor(preprocessing.mean, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(preprocessing.std, device=images.device).view(1, 3, 1, 1)
    return images.float().sub(mean * 255).mul_(1 / (std * 255))
