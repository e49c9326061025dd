"""One resolved layer: the unit that cost, network, export and report all read."""

from dataclasses import dataclass
from typing import Literal

Op = Literal[
    "conv",
    "linear",
    "max_pool",
    "average_pool",
    "l2_pool",
    "global_average_pool",
    "concat",
    "add",
    "centre_crop",
    "local_response_norm",
    "l2_normalise",
    "l2_scale",
    "propose",
    "roi_crop",
    "boxes",
]
Kind = Literal["conv", "depthwise", "pointwise", "linear", "other"]
Activation = Literal["relu6", "relu", "leaky_relu", "prelu"]
Padding = Literal["same"] | tuple[int, int]
Size = tuple[int, int]
Shape = tuple[float, float]

IMAGE = "image"  # the name by which a layer reads the network's input


@dataclass(frozen=True, slots=True)
class Grid:
    """The default boxes of a map of `size` places: at the middle of each one of every shape.

    A shape is a (height, width) as shares of the image.
    """

    size: Size
    shapes: tuple[Shape, ...]

    @property
    def boxes(self) -> int:
        """How many there are."""
        return len(self.shapes) * self.size[0] * self.size[1]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer with every size known. Sizes are (height, width) in pixels of the feature map.

    `padding` is "same" (TensorFlow's rule: the output is ceil(input / stride), an odd pixel goes to the
    bottom and right) or the (vertical, horizontal) padding put on both sides. `norm` is a batch norm with
    scale and shift behind the operation, `epsilon` what it adds to the variance (TF-Slim's; PyTorch's own is 1e-5).
    `dilation` is the distance between the places that neighbouring weights of the kernel read.
    `repeats` is how often the layer runs for one image (300 in the second stage of Faster R-CNN).
    `stddev` is the standard deviation of its first random weights where that is not the whole network's.

    What the operations without weights compute:
    - average_pool: the mean of the window. Padding "same" is left out of it (TensorFlow's rule), padding in
      pixels counts as zeros (PyTorch's default).
    - l2_pool: the root of the sum of squares in the window; padding counts as zeros.
    - local_response_norm: over 5 channels with alpha 1e-4, beta .75 and k 1 (Caffe's AlexNet and GoogLeNet).
    - l2_normalise: the vector over its length.
    - l2_scale: the vector at each place over its length, times a learnt number a channel, 20 at first (SSD's conv4_3).
    - concat: the inputs joined along the channels, in their order.
    - add: the sum of the inputs.
    - propose: the likeliest boxes by the scores and offsets of its two inputs, which move the default boxes of `grids`:
      `out_size[0]` of them, 4 numbers each.
    - roi_crop: what stands of the first input below each box of the second, bilinearly at `out_size`: `repeats` maps.
    - boxes: the scores and offsets of its inputs, a pair a map, one row a box: the scores of the box, the offsets that
      move it, and the box itself, left, top, right and bottom as shares of the image. It is a default box of `grids`
      or, where there are none, one of the third input's.
    - centre_crop: the middle of the map, `out_size` of it; of an odd rest one more is left at the bottom and right.

    The activation prelu has one slope a channel for what is below zero, which is learnt.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    in_channels: int
    out_channels: int
    in_size: Size
    out_size: Size
    kernel: Size = (1, 1)
    stride: int = 1
    padding: Padding = (0, 0)
    groups: int = 1
    dilation: int = 1
    bias: bool = False
    norm: bool = False
    epsilon: float = 1e-3
    activation: Activation | None = None
    ceil: bool = False
    repeats: int = 1
    stddev: float | None = None
    grids: tuple[Grid, ...] = ()

    @property
    def kind(self) -> Kind:
        """The row of the paper's Table 2 that the layer counts under; "other" has no weights."""
        if self.op == "linear":
            return "linear"
        if self.op != "conv":
            return "other"
        if self.groups == self.in_channels > 1:
            return "depthwise"
        return "pointwise" if self.kernel == (1, 1) and self.groups == 1 else "conv"

    @property
    def weights(self) -> int:
        """Numbers in the kernel or matrix, without bias and batch norm."""
        if self.op == "linear":
            return self.in_channels * self.in_size[0] * self.in_size[1] * self.out_channels
        if self.op == "conv":
            return self.kernel[0] * self.kernel[1] * self.in_channels // self.groups * self.out_channels
        return 0

    @property
    def params(self) -> int:
        """Trainable numbers: weights, biases, batch norm scale and shift, slopes, scales."""
        return self.weights + self.out_channels * (self.bias + 2 * self.norm + self.slopes + self.scales)

    @property
    def slopes(self) -> bool:
        """Whether the activation has a number a channel of its own."""
        return self.activation == "prelu"

    @property
    def scales(self) -> bool:
        """Whether the operation has a factor a channel of its own."""
        return self.op == "l2_scale"

    @property
    def mult_adds(self) -> int:
        """Multiply-adds for one image (section 3.1, equations 2 to 5): no bias, no batch norm, no activation."""
        places = 1 if self.op == "linear" else self.out_size[0] * self.out_size[1]
        return self.weights * places * self.repeats

    @property
    def gives(self) -> tuple[int, ...]:
        """The shape of what a network that ends here answers for one image: a vector, or a detector's rows."""
        return (self.out_size[0], self.out_channels) if self.op == "boxes" else (self.out_channels,)

    @property
    def activations(self) -> int:
        """Numbers in the output for one image, over all repeats."""
        return self.out_channels * self.out_size[0] * self.out_size[1] * self.repeats
