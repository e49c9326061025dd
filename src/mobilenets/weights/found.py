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
    """The grids of an 8-bit file: `layers` are the kernels in running order, the classifier the last of them.

    Of a detector the predictors are the last, and `joined` is what stands behind them.
    """

    image: Grid
    layers: tuple[LayerQuantisation, ...]
    pooled: Grid | None = None
    joined: LayerQuantisation | None = None
    probabilities: Grid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressing:
    """How a file chooses among a detector's boxes, after the names of the options of TFLite_Detection_PostProcess.

    At most `most` boxes of `score` and more stay, each answering its `kinds_of_a_box` surest classes; of two that
    overlap by more than `overlap` (IoU) the surer stays, whatever their classes unless `by_class`. There are `classes`
    beside the background. Offsets are divided by `divisors`: centre y, centre x, height, width.
    """

    most: int
    kinds_of_a_box: int
    score: float
    overlap: float
    classes: int
    divisors: tuple[float, float, float, float]
    by_class: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicting:
    """A detector's two layers on one map, which is made by the kernel number `reads` of those before the predictors.

    Each has the outputs of the default boxes of a place one behind the other: scores from the background on, and four
    offsets (centre y, centre x, height, width).
    """

    reads: int
    scores: Kernel
    offsets: Kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Detecting:
    """What a detector has behind its maps: predictors, the finest map first, and the default boxes that they move.

    `boxes` (n, 4) are centre y, centre x, height and width as shares of the image, `step` how far they are apart where
    the file holds them on a grid (0 where it does not).
    """

    predictors: tuple[Predicting, ...]
    boxes: Array
    step: float
    suppressing: Suppressing


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a file holds: the body's kernels in running order, its classifier if it has one, and what it says beside.

    A file has an `embedding` in place of a classifier where it gives vectors, and `detecting` where it is a detector,
    whose `kernels` are those of the body and of its further maps. `family` is the network that the names
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
    detecting: Detecting | None = None
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
