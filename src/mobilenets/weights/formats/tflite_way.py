"""The way through a TFLite graph from the image to the output, operator by operator.

What lies on it must be what our networks are made of: convolutions, one pool over the whole map, one classifier. A
detector's way leads from map to map, and the heads that read them stand beside it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from mobilenets.architecture.layer import Activation
from mobilenets.errors import UsageError
from mobilenets.network.blocks import LEAK
from mobilenets.network.padding import same_pads
from mobilenets.network.quantisation import Grid
from mobilenets.weights.formats.tflite_heads import Heads
from mobilenets.weights.formats.tflite_model import Model
from mobilenets.weights.formats.tflite_operators import Operator
from mobilenets.weights.formats.tflite_tensors import Tensor
from mobilenets.weights.found import Array, Kernel

_Pads = tuple[tuple[int, int], tuple[int, int]]
_NO_PADS: _Pads = ((0, 0), (0, 0))
# Batch, height, width, channels.
_MAP = 4
_SIX = 6.0


@dataclass(slots=True, kw_only=True)
class Made:
    """A layer with weights, and the tensors that it reads and makes; what follows may still be its activation."""

    kernel: Kernel
    weights: Tensor
    reads: Tensor
    output: Tensor
    activation: Activation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What scores and what moves the default boxes of one map, the output of the body's layer number `reads`."""

    reads: int
    scores: Made
    offsets: Made


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What of a detector stands beside the way."""

    heads: Heads
    predictors: tuple[Pair, ...]


class Way:
    """The way from tensor `entry` of a model to its output, or to the last map that `heads` read, gone by `follow`.

    `made` are the layers with weights, the first `body` of them before the pool; `paddings` are the ways to pad that
    all convolutions allow; `image` is what the first one reads; `pooled` and `probabilities` are None where there is
    no pool and no softmax.
    """

    def __init__(self, model: Model, entry: int, heads: Heads | None = None) -> None:
        self.model, self.at, self.heads = model, entry, heads
        self.image = model.tensor(entry)
        self.made: list[Made] = []
        self.body = 0
        self.paddings = {"same", "symmetric"}
        self.pooled: Tensor | None = None
        self.probabilities: Tensor | None = None
        self._pads = _NO_PADS
        self._beside: frozenset[int] = heads.operators if heads else frozenset()
        self._passed: set[int] = set(self._beside)

    @property
    def classifier(self) -> Made | None:
        """The layer behind the pool."""
        return self.made[-1] if self.pooled and len(self.made) > self.body else None

    def follow(self) -> None:
        """Go to the output, in no more steps than there are operators; raises `UsageError` for any other network."""
        for _ in self.model.operators:
            readers = [one for one in self.model.readers.get(self.at, ()) if id(one) not in self._beside]
            if not readers:
                break
            self._step(self._only(readers))
        if self.at not in (self.heads.maps if self.heads else self.model.outputs):
            raise self._refused("the way from its image ends in no output")
        beside = [operator.kind for operator in self.model.operators if id(operator) not in self._passed]
        if beside:
            raise self._refused(f"{len(beside)} operators ({beside[0]}) are not on the way from image to output")
        for made in self.made[: self.body]:
            made.activation = made.activation or _clamped(made.output.grid)
        activations = {made.activation for made in self.made[: self.body]}
        if len(activations) > 1 or None in activations:
            raise self._refused(f"its activations are {', '.join(sorted(map(str, activations)))}, not one for all")

    def _only(self, readers: Sequence[Operator]) -> Operator:
        operator = readers[0]
        if len(readers) > 1 or self.at in self.model.outputs:
            kinds = ", ".join(sorted({reader.kind for reader in readers})[:4])
            raise self._refused(f"it branches at {self.model.tensor(self.at).name} (read by {len(readers)}: {kinds})")
        if operator.inputs[0] != self.at or len(operator.outputs) != 1:
            raise self._refused(f"a {operator.kind} has {len(operator.inputs)} inputs in an order of its own")
        return operator

    def beside(self, heads: Heads) -> "Beside":
        """The predictors that read maps of this way; raises `UsageError` where one reads anything else."""
        pairs = zip(heads.scores.convolutions, heads.offsets.convolutions, strict=True)
        predictors = tuple(
            Pair(reads=self._place(scores), scores=self._read_by(scores), offsets=self._read_by(offsets))
            for scores, offsets in pairs
        )
        return Beside(heads=heads, predictors=predictors)

    def _place(self, operator: Operator) -> int:
        """The number of the layer of the body whose map an operator reads."""
        read = self.model.tensor(operator.inputs[0])
        place = next((place for place, made in enumerate(self.made[: self.body]) if made.output is read), None)
        if place is None:
            raise self._refused(f"boxes are predicted from {read.name}, which no convolution makes")
        return place

    def _read_by(self, operator: Operator) -> Made:
        """The layer of a convolution that stands beside this way."""
        other = Way(self.model, operator.inputs[0])
        other._step(operator)
        self.paddings &= other.paddings
        return other.made[0]

    def _step(self, operator: Operator) -> None:
        step = _STEPS.get(operator.kind)
        if step is None:
            raise self._refused(f"it has a {operator.kind}, and none of our networks has")
        if self._pads != _NO_PADS and operator.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            raise self._refused(f"it pads before a {operator.kind}")
        self._passed.add(id(operator))
        step(self, operator)
        self.at = operator.outputs[0]

    def _refused(self, why: str) -> UsageError:
        return UsageError(f"{self.model.where}: {why}; read are plain networks of convolutions, a pool, a classifier")

    def convolution(self, operator: Operator) -> None:
        """CONV_2D: kernels are (out, height, width, in)."""
        weights, values = self._weights(operator, dimensions=4)
        self._make(operator, weights, values.transpose(0, 3, 1, 2), groups=1)

    def depthwise(self, operator: Operator) -> None:
        """DEPTHWISE_CONV_2D: kernels are (1, height, width, in * multiplier), the outputs of a channel together."""
        weights, values = self._weights(operator, dimensions=4)
        if len(values) != 1:
            raise self._refused(f"a depthwise kernel is {list(values.shape)}")
        self._make(operator, weights, values.transpose(3, 0, 1, 2), groups=self.model.tensor(self.at).shape[-1])

    def fully_connected(self, operator: Operator) -> None:
        """FULLY_CONNECTED: (out, in), behind the pool only."""
        if self.pooled is None:
            raise self._refused("it has a fully connected layer before a pool")
        weights, values = self._weights(operator, dimensions=2)
        self._make(operator, weights, values[:, :, None, None], groups=1)

    def _make(self, operator: Operator, weights: Tensor, values: Array, *, groups: int) -> None:
        fused, reads = operator.options.activation, self.model.tensor(self.at)
        if fused == "other":
            raise self._refused(f"a {operator.kind} has an activation that is neither ReLU nor ReLU6")
        if self.pooled is None:
            self._check_window(operator, reads, kernel=values.shape[2:])
            self.body += 1
        elif fused or self.classifier:
            raise self._refused("it has more than one linear layer behind its pool")
        kernel = Kernel(
            name=weights.name.split(";")[0],
            values=np.ascontiguousarray(values),
            groups=groups,
            stride=operator.options.stride[0],
            bias=self._bias(operator, len(values)),
        )
        output = self.model.tensor(operator.outputs[0])
        self.made.append(Made(kernel=kernel, weights=weights, reads=reads, output=output, activation=fused))
        self._pads = _NO_PADS

    def _check_window(self, operator: Operator, reads: Tensor, *, kernel: tuple[int, ...]) -> None:
        """Narrow down how the network pads by how this convolution does."""
        options, stride = operator.options, operator.options.stride[0]
        if len(reads.shape) != _MAP or options.dilation != (1, 1) or options.stride != (stride, stride) or stride < 1:
            raise self._refused(f"a {operator.kind} has stride {options.stride} and dilation {options.dilation}")
        sizes = [reads.shape[1 + side] - sum(self._pads[side]) for side in (0, 1)]
        same = tuple(same_pads(sizes[side], kernel=kernel[side], stride=stride) for side in (0, 1))
        symmetric = tuple((extent // 2, extent // 2) for extent in kernel)
        if options.padding == "valid":
            own: tuple[tuple[int, int], ...] = self._pads
        elif self._pads == _NO_PADS:
            own = same
        else:
            raise self._refused(f"a {operator.kind} is padded twice")
        self.paddings &= {word for word, pads in (("same", same), ("symmetric", symmetric)) if pads == own}
        if not self.paddings:
            raise self._refused(f"it pads by {own} at stride {stride}, unlike TensorFlow's SAME and unlike symmetric")

    def _weights(self, operator: Operator, *, dimensions: int) -> tuple[Tensor, Array]:
        number = _second(operator)
        if number is None:
            raise self._refused(f"a {operator.kind} has no weights")
        tensor, values = self._constant(number, operator.kind)
        if values.ndim != dimensions:
            raise self._refused(f"the weights of a {operator.kind} are {list(values.shape)}")
        return tensor, values

    def _bias(self, operator: Operator, channels: int) -> Array | None:
        numbers = [number for number in operator.inputs[2:] if number >= 0]
        if not numbers:
            return None
        _, values = self._constant(numbers[0], operator.kind)
        if values.shape != (channels,):
            raise self._refused(f"the bias of a {operator.kind} is {list(values.shape)} for {channels} outputs")
        return values

    def _constant(self, number: int, kind: str) -> tuple[Tensor, Array]:
        """A constant, or what a DEQUANTIZE makes of one (files of float16 keep their weights so)."""
        values, maker = self.model.values(number), self.model.makers.get(number)
        if values is None and maker and maker.kind == "DEQUANTIZE" and len(maker.inputs) == 1:
            self._passed.add(id(maker))
            number = maker.inputs[0]
            values = self.model.values(number)
        if values is None:
            raise self._refused(f"a {kind} computes its weights")
        return self.model.tensor(number), values

    def pad(self, operator: Operator) -> None:
        """PAD: zeros around the map, for the convolution behind it."""
        number = _second(operator)
        stored = None if number is None else self.model.constant(number)
        if stored is None or stored.shape != (_MAP, 2) or stored.dtype.kind != "i" or stored[[0, 3]].any():
            raise self._refused("it pads other than a map's height and width")
        (top, bottom), (left, right) = stored[1:3].tolist()
        self._pads = ((top, bottom), (left, right))

    def activation(self, operator: Operator) -> None:
        """RELU, RELU6 or LEAKY_RELU on its own, behind the layer that it belongs to."""
        own: Activation = cast(Activation, operator.kind.lower())
        if own == "leaky_relu" and not math.isclose(operator.options.number, LEAK, rel_tol=1e-5):
            raise self._refused(f"its LeakyReLU has slope {operator.options.number:g}, and ours {LEAK:g}")
        if not self.made or self.pooled or self.made[-1].activation:
            raise self._refused(f"it has a {operator.kind} that belongs to no convolution")
        self.made[-1].activation = own
        self.made[-1].output = self.model.tensor(operator.outputs[0])

    def pool(self, operator: Operator) -> None:
        """AVERAGE_POOL_2D or MEAN over the whole map."""
        size = self.model.tensor(self.at).shape
        if self.pooled or not self.made or len(size) != _MAP or not self._is_whole(operator, size):
            raise self._refused(f"it has a {operator.kind} that is not the one pool over the whole of the last map")
        self.pooled = self.model.tensor(operator.outputs[0])

    def _is_whole(self, operator: Operator, size: tuple[int, ...]) -> bool:
        if operator.kind == "AVERAGE_POOL_2D":
            options = operator.options
            once = options.padding == "valid" or all(options.stride[side] >= size[1 + side] for side in (0, 1))
            return options.window == size[1:3] and once and options.activation is None
        number = _second(operator)
        axes = None if number is None else self.model.constant(number)
        if axes is None or axes.dtype.kind != "i" or axes.size > _MAP:
            return False
        return sorted(int(axis) % _MAP for axis in axes.flat) == [1, 2]

    def quantise(self, operator: Operator) -> None:
        """QUANTIZE or DEQUANTIZE: the same numbers on another grid."""
        if not self.made:
            self.image = self.model.tensor(operator.outputs[0])

    def reshape(self, operator: Operator) -> None:
        """RESHAPE or SQUEEZE: behind the pool, where one number a channel is left."""
        if self.pooled is None:
            raise self._refused(f"it has a {operator.kind} before its pool")

    def softmax(self, operator: Operator) -> None:
        """SOFTMAX behind the classifier: our networks give what goes into it."""
        if self.classifier is None or self.probabilities:
            raise self._refused("it has a SOFTMAX that is not behind its classifier")
        if not math.isclose(operator.options.number, 1.0):
            raise self._refused(f"its SOFTMAX has beta {operator.options.number:g}, and ours 1")
        self.probabilities = self.model.tensor(operator.outputs[0])


def _clamped(grid: Grid | None) -> Activation | None:
    """ReLU6 of a layer that says none, where whole numbers reach from 0 to 6 and so do the same."""
    if grid is None or len(grid.scales) > 1 or grid.zero_points[0] != grid.low:
        return None
    return "relu6" if abs((grid.high - grid.low) * grid.scales[0] - _SIX) < grid.scales[0] / 2 else None


def _second(operator: Operator) -> int | None:
    """The number of an operator's second input, if it has one."""
    return next((number for number in operator.inputs[1:2] if number >= 0), None)


_STEPS = {
    "AVERAGE_POOL_2D": Way.pool,
    "CONV_2D": Way.convolution,
    "DEPTHWISE_CONV_2D": Way.depthwise,
    "DEQUANTIZE": Way.quantise,
    "FULLY_CONNECTED": Way.fully_connected,
    "LEAKY_RELU": Way.activation,
    "MEAN": Way.pool,
    "PAD": Way.pad,
    "QUANTIZE": Way.quantise,
    "RELU": Way.activation,
    "RELU6": Way.activation,
    "RESHAPE": Way.reshape,
    "SOFTMAX": Way.softmax,
    "SQUEEZE": Way.reshape,
}
