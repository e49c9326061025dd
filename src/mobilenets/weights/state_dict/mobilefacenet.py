"""MobileFaceNet by the names of its public PyTorch port (`conv1.conv`, `blocks.0.conv.0`, `linear7.conv`)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mobilenets.architecture.baselines import BASELINES
from mobilenets.errors import UsageError
from mobilenets.weights.found import Array, Found, Kernel
from mobilenets.weights.read import WeightFile
from mobilenets.weights.state_dict.tensors import Tensors

_FAMILY = "mobilefacenet"
_EPSILON = 1e-5  # PyTorch's own, which a state dict does not hold
_BLOCKS = 15
_HALF = (0.5, 0.5, 0.5)
# Where the face is in a photograph of Labeled Faces in the Wild, framed by a detector; aligned crops are shown whole.
_CROP, _UP = 0.53, 0.02


def recognises(names: Mapping[str, Any]) -> bool:
    """Whether the names are those of MobileFaceNet."""
    return {"dw_conv1.conv.weight", "blocks.0.conv.0.weight", "linear7.conv.weight"} <= names.keys()


def found(tensors: Tensors, file: WeightFile, *, notes: tuple[str, ...]) -> Found:  # noqa: ARG001 (as all layouts)
    """The kernels by name; the last convolution is the layer of the embedding, its batch norm folded into it.

    Raises `UsageError` where one is missing or left over.
    """
    kernels = [_named(tensors, "conv1", dense=True), _named(tensors, "dw_conv1")]
    for block in range(_BLOCKS):
        kernels += _block(tensors, f"blocks.{block}.conv")
    kernels += [_named(tensors, "conv2"), _named(tensors, "linear7", slopes=False)]
    embedding = _folded(_named(tensors, "linear1", slopes=False), where=tensors.where)
    tensors.check_nothing_left()
    return Found(
        form="MobileFaceNet",
        kernels=tuple(kernels),
        embedding=embedding,
        family=_FAMILY,
        padding="symmetric",
        activation="prelu",
        resolution=BASELINES[_FAMILY].resolution,
        mean=_HALF,
        std=_HALF,
        crop=_CROP,
        up=_UP,
        notes=notes,
    )


def _named(tensors: Tensors, path: str, *, dense: bool = False, slopes: bool = True) -> Kernel:
    norm = tensors.norm(f"{path}.bn", epsilon=_EPSILON)
    kernel = tensors.kernel(f"{path}.conv", dense=dense, norm=norm)
    return _with_slopes(tensors, kernel, f"{path}.prelu") if slopes else kernel


def _block(tensors: Tensors, path: str) -> list[Kernel]:
    """Convolution, batch norm, PReLU; depthwise the same; convolution, batch norm: places 0 to 7."""
    kernels = [
        tensors.kernel(f"{path}.{at}", norm=tensors.norm(f"{path}.{at + 1}", epsilon=_EPSILON)) for at in (0, 3, 6)
    ]
    return [_with_slopes(tensors, kernels[place], f"{path}.{3 * place + 2}") for place in (0, 1)] + kernels[2:]


def _with_slopes(tensors: Tensors, kernel: Kernel, path: str) -> Kernel:
    return replace(kernel, slope=tensors.channels(f"{path}.weight", len(kernel.values)))


def _folded(kernel: Kernel, *, where: str) -> Kernel:
    """A convolution with its batch norm as one with a bias."""
    norm = kernel.norm
    assert norm is not None
    if (norm.variance < 0).any():
        raise UsageError(f"{where}: {kernel.name} has a negative variance: the file is damaged")
    scale: Array = norm.scale / np.sqrt(norm.variance + norm.epsilon)
    return Kernel(kernel.name, kernel.values * scale[:, None, None, None], bias=norm.shift - norm.mean * scale)
