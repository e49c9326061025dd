"""Weights as a file holds them, in one form for all formats: numpy arrays in running order, nothing decided yet."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mobilenets.architecture.layer import Activation
from mobilenets.data.preprocess import Interpolation
from mobilenets.network.quantisation import Grid, LayerQuantisation

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Norm:
    """A batch norm that is not folded: (channels,) each, and what it adds to the variance."""

    scale: Array
    shift: Array
    mean: Array
    variance: Array
    epsilon: float


@dataclass(frozen=True, slots=True)
class Kernel:
    """One convolution or fully connected layer under the name that the file gives it.

    `values` are (out, in / groups, height, width), PyTorch's order; a depthwise kernel has one group a channel, a
    fully connected one is 1 x 1. `stride` is None where the file holds weights without the network around them.
    `slope` (out,) is that of a PReLU behind it.
    """

    name: str
    values: Array
    groups: int = 1
    bias: Array | None = None
    norm: Norm | None = None
    stride: int | None = None
    slope: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantised:
    """The grids of an 8-bit file: `layers` are the kernels in running order, the classifier the last of them."""

    image: Grid
    layers: tuple[LayerQuantisation, ...]
    pooled: Grid | None = None
    probabilities: Grid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a file holds: the body's kernels in running order, its classifier if it has one, and what it says beside.

    A file has an `embedding` in place of a classifier where it gives vectors. `family` is the network that the names
    of its tensors are of; unset, the shapes tell.

    None is what the file does not say. `mean` and `std` belong to (x / 255 - mean) / std; `crop`,
    `squash`, `up` and `interpolation` are those of `Preprocessing`; `classes` are the names of
    the classifier's outputs; `quantised` is there where the file computes in whole numbers from image to output;
    `notes` tell the user what was done to get there (dequantised, a head left out).
    """

    form: str
    kernels: tuple[Kernel, ...]
    classifier: Kernel | None = None
    embedding: Kernel | None = None
    family: str | None = None
    padding: Literal["same", "symmetric"] | None = None
    activation: Activation | None = None
    resolution: int | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    crop: float | None = None
    squash: bool | None = None
    up: float | None = None
    interpolation: Interpolation | None = None
    classes: tuple[str, ...] | None = None
    quantised: Quantised | None = None
    notes: tuple[str, ...] = ()
