"""Which whole numbers stand for which values in an 8-bit network: plain facts, by layer.

The scheme of Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference" (2017), equation 1, as TFLite keeps it: value = scale * (q - zero_point).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The values a tensor may take: scale * (q - zero_point), q whole and from `low` to `high`.

    One scale and zero point for the whole tensor, or one for each output channel of a kernel.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerQuantisation:
    """A layer's output, and its kernel if it has one.

    A bias needs no grid of its own: it is whole at the scale of the layer's input times that of its kernel. The layer
    that ends a detector has three kinds of outputs: `output` is its scores', `offsets` is that of what moves its boxes,
    and `defaults` that of the boxes themselves, as centre, height and width.
    """

    output: Grid
    kernel: Grid | None = None
    offsets: Grid | None = None
    defaults: Grid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantisation:
    """What an 8-bit network is beside its float weights: the image's grid, and every layer's by its name.

    `probabilities` is the grid of a softmax (of a detector: a sigmoid) behind the last layer, where the file has one.
    """

    image: Grid
    layers: Mapping[str, LayerQuantisation]
    probabilities: Grid | None = None
