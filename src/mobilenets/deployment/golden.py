"""Golden inputs and outputs: a few images, and what the checkpoint answers for them in PyTorch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.data.shapes import Centre, shaped
from mobilenets.deployment.runtimes.protocol import Images
from mobilenets.deployment.shipped import CHANNELS, Inputs
from mobilenets.errors import JobError, UsageError

_COARSE = 4
_GRAIN = 12.0


@dataclass(frozen=True, slots=True)
class Golden:
    """`images` are (N, H, W, 3) bytes, `inputs` the same as the file takes them, `outputs` what PyTorch gives.

    `described` says what the images are.
    """

    images: NDArray[np.uint8]
    inputs: Images
    outputs: NDArray[np.float32]
    described: str


def golden(
    network: nn.Module, images: NDArray[np.uint8], preprocessing: Preprocessing, *, inputs: Inputs, described: str
) -> Golden:
    """Images with the outputs of an evaluated network for them, in PyTorch on the CPU.

    Raises `JobError` where an output is not finite: nothing could be compared with it.
    """
    floats = scale(torch.from_numpy(images).permute(0, 3, 1, 2), preprocessing)
    with torch.inference_mode():
        outputs: Tensor = network(floats)
    if not outputs.isfinite().all():
        raise JobError(
            "the checkpoint gives outputs that are not finite: its weights are damaged or of a training that diverged"
        )
    taken = images if inputs == "uint8" else floats.contiguous().numpy()
    return Golden(images, taken, outputs.float().numpy(), described)


def from_photographs(photos: Sequence[Photo], preprocessing: Preprocessing, *, count: int) -> NDArray[np.uint8]:
    """Up to `count` photographs, evenly spread, as the network is shown them; what cannot be read is passed over.

    Raises `UsageError` where none can be read.
    """
    spread = [photos[place * len(photos) // count] for place in range(count)] if len(photos) > count else photos
    images = [*_readable(spread, Centre(preprocessing))]
    if not images:
        raise UsageError(f"none of the {len(spread)} photographs looked at can be read: give others or leave them out")
    return np.stack(images)


def _readable(photos: Iterable[Photo], shape: Centre) -> Iterable[NDArray[np.uint8]]:
    for photo in photos:
        try:
            yield shaped(photo.read(), shape)
        except BadImage:
            continue


def synthetic(*, count: int, side: int, seed: int = 0) -> NDArray[np.uint8]:
    """Images (count, side, side, 3) that have what photographs have: soft colours, an edged patch, grain."""
    draw = np.random.default_rng(seed)
    coarse = torch.from_numpy(draw.uniform(0, 255, (count, CHANNELS, _COARSE, _COARSE)).astype(np.float32))
    soft = F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=True)
    images = soft.permute(0, 2, 3, 1).numpy()
    for image in images:
        top, left = draw.integers(0, side // 2, 2)
        tall, wide = draw.integers(side // 8, side // 2, 2)
        image[top : top + tall, left : left + wide] = draw.uniform(0, 255, CHANNELS)
    grainy = images + draw.normal(0, _GRAIN, images.shape)
    rounded: NDArray[np.uint8] = grainy.round().clip(0, 255).astype(np.uint8)
    return rounded
