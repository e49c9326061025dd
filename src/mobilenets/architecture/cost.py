"""What a network costs, added up from its layers (section 3): mult-adds, params, bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mobilenets.architecture.layer import IMAGE, Kind, Layer

Precision = Literal["float32", "int8"]
_BYTES: dict[Precision, int] = {"float32": 4, "int8": 1}
# An int8 file holds one int32 bias and one float32 scale for each output channel beside the 1-byte weights.
_INT8_CHANNEL_BYTES = 8
KINDS: tuple[Kind, ...] = ("pointwise", "depthwise", "conv", "linear")


@dataclass(frozen=True, slots=True)
class Share:
    """One row of Table 2: what one kind of layer takes of the whole, as fractions.

    The paper's column "Parameters" counts weights alone, without biases and batch norm; so does this one.
    """

    kind: Kind
    mult_adds: float
    weights: float


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one network for one image; bytes are of the batch-norm-folded network."""

    mult_adds: int
    params: int
    weight_bytes: dict[Precision, int]
    peak_activation_bytes: dict[Precision, int]
    shares: tuple[Share, ...]


def cost(layers: Sequence[Layer]) -> Cost:
    """Add up a list of layers (one image, batch norm not counted as mult-adds)."""
    return Cost(
        mult_adds=sum(layer.mult_adds for layer in layers),
        params=sum(layer.params for layer in layers),
        weight_bytes={precision: weight_bytes(layers, precision) for precision in _BYTES},
        peak_activation_bytes={precision: peak_activation_bytes(layers, precision) for precision in _BYTES},
        shares=shares(layers),
    )


def weight_bytes(layers: Iterable[Layer], precision: Precision) -> int:
    """Bytes of weights, slopes and scales; batch norm is folded: a layer with weights then has one bias a channel."""
    total = 0
    for layer in layers:
        total += (layer.weights + layer.out_channels * (layer.slopes + layer.scales)) * _BYTES[precision]
        if layer.weights:
            channel = _INT8_CHANNEL_BYTES if precision == "int8" else 4 * (layer.bias or layer.norm)
            total += layer.out_channels * channel
    return total


def peak_activation_bytes(layers: Sequence[Layer], precision: Precision) -> int:
    """The largest sum of tensors alive at once, for one image, when each is freed after its last reader.

    Batch norm and activation are counted as done in place, as every runtime of phones and boards does.
    """
    first = layers[0]
    last_read = {name: place for place, layer in enumerate(layers) for name in layer.inputs}
    alive = {IMAGE: first.in_channels * first.in_size[0] * first.in_size[1]}
    peak = 0
    for place, layer in enumerate(layers):
        alive[layer.name] = layer.activations
        peak = max(peak, sum(alive.values()))
        alive = {name: size for name, size in alive.items() if last_read.get(name, len(layers)) > place}
    return peak * _BYTES[precision]


def shares(layers: Sequence[Layer]) -> tuple[Share, ...]:
    """Table 2: the share of each kind of layer in mult-adds and weights."""
    mult_adds = sum(layer.mult_adds for layer in layers) or 1
    weights = sum(layer.weights for layer in layers) or 1
    return tuple(
        Share(
            kind=kind,
            mult_adds=sum(layer.mult_adds for layer in layers if layer.kind == kind) / mult_adds,
            weights=sum(layer.weights for layer in layers if layer.kind == kind) / weights,
        )
        for kind in KINDS
    )
