"""The convolutions along a path through a graph, each with the bias, batch norm and activation behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from mobilenets.architecture.layer import Activation
from mobilenets.network.blocks import LEAK
from mobilenets.weights.formats.graphdef.batch_norm import Scaling, channel_vector, fused_norm, scaling_of, shifted
from mobilenets.weights.formats.graphdef.constants import SAME, Constants
from mobilenets.weights.formats.graphdef.nodes import Node
from mobilenets.weights.formats.graphdef.padding import Borders, padded_by, padding_rule, square
from mobilenets.weights.formats.graphdef.wire import GraphError
from mobilenets.weights.found import Array, Kernel, Norm

WEIGHTED = frozenset({"Conv2D", "DepthwiseConv2dNative", "MatMul"})
SHIFTS = frozenset({"BiasAdd", "BiasAddV1", "Add", "AddV2", "Sub"})
NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
ACTIVATIONS: dict[str, Activation] = {"Relu6": "relu6", "Relu": "relu", "LeakyRelu": "leaky_relu"}
PADS = frozenset({"Pad", "PadV2"})
PASSING = SAME | {"PlaceholderWithDefault", "Squeeze", "Reshape"}

# TensorFlow's own, where a graph was written without the attributes that have their usual value.
_USUAL_LEAK = 0.2
_MOST = 200


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution as the graph runs it. `padding` is None where both rules come to the same."""

    kernel: Kernel
    padding: Literal["same", "symmetric"] | None
    activation: Activation | None


def convolutions(path: Sequence[Node], constants: Constants, *, size: int) -> list[Convolution]:
    """The convolutions of a path, of which each node reads the one before, from a map of `size` x `size` on.

    The first node is what the path reads. Raises `GraphError` that names the first which is not of our networks.
    """
    drafts: list[_Draft] = []
    borders = Borders()
    for before, node in pairwise(path):
        if node.op in PADS:
            borders = padded_by(node, constants)
        elif node.op in WEIGHTED:
            if len(drafts) == _MOST:
                raise GraphError(f"it has over {_MOST} convolutions in a row: it is none of our networks")
            drafts.append(_draft(node, constants, size=size, borders=borders))
            size, borders = -(-size // drafts[-1].stride), Borders()
        elif drafts and borders == Borders():
            drafts[-1].add(node, before=before)
        elif node.op not in PASSING:
            raise GraphError(f"{node} is where no network of ours has one")
    return [draft.finished() for draft in drafts]


@dataclass(slots=True)
class _Draft:
    """A convolution while the operations behind it are added one by one."""

    node: Node
    constants: Constants
    values: Array
    groups: int
    stride: int = 1
    padding: Literal["same", "symmetric"] | None = None
    bias: Array | None = None
    scaling: Scaling | None = None
    norm: Norm | None = None
    activation: Activation | None = None

    def add(self, node: Node, *, before: Node) -> None:
        """Take in an operation that reads what is there so far, which is the output of `before`."""
        if node.op in PASSING:
            return
        done = "activation" if self.activation else "batch norm" if self.norm else ""
        if node.op in ACTIVATIONS and not self.activation:
            self.activation = _activation(node)
        elif done:
            raise GraphError(f"{node} stands behind the {done} of {self.node}, where our networks have nothing")
        elif node.op in NORMS:
            self.norm = fused_norm(node, self.constants, channels=len(self.values))
        elif node.op == "Mul" and not self.scaling:
            self._scale(_other(node, before))
        elif node.op in SHIFTS:
            self._shift(_other(node, before), negative=node.op == "Sub")
        else:
            raise GraphError(f"{node} stands behind {self.node}, where our networks have none")

    def finished(self) -> Convolution:
        """The whole of it."""
        norm = shifted(self.scaling, None, self.constants) if self.scaling else self.norm
        kernel = Kernel(self.node.name, np.ascontiguousarray(self.values), self.groups, self.bias, norm, self.stride)
        return Convolution(kernel, self.padding, self.activation)

    def _scale(self, factor: str) -> None:
        channels = len(self.values)
        self.scaling = scaling_of(factor, self.constants, channels=channels)
        if self.scaling is None:  # a batch norm whose arithmetic was done when the graph was frozen
            numbers = channel_vector(self.constants, factor, channels=channels)
            self.values = self.values * numbers[:, None, None, None]
            self.bias = None if self.bias is None else self.bias * numbers

    def _shift(self, other: str, *, negative: bool) -> None:
        if self.scaling and not negative:
            self.norm, self.scaling = shifted(self.scaling, other, self.constants), None
            return
        if self.scaling:
            raise GraphError(f"a Sub stands in the batch norm of {self.node}, where ours add")
        numbers = channel_vector(self.constants, other, channels=len(self.values))
        numbers = -numbers if negative else numbers
        self.bias = numbers if self.bias is None else self.bias + numbers


def _draft(node: Node, constants: Constants, *, size: int, borders: Borders) -> _Draft:
    values = oriented(node, constants)
    groups = len(values) if node.op == "DepthwiseConv2dNative" else 1
    if node.op == "MatMul":
        return _Draft(node, constants, values, groups)
    if square(node, "dilations") != 1:
        raise GraphError(f"{node} is dilated, our networks are not")
    stride = square(node, "strides")
    rule = padding_rule(node, kernel=(values.shape[2], values.shape[3]), stride=stride, size=size, borders=borders)
    return _Draft(node, constants, values, groups, stride, rule)


def oriented(node: Node, constants: Constants) -> Array:
    """The kernel of a convolution or matrix product as (out, in / groups, height, width).

    TensorFlow has (height, width, in, out), for depthwise kernels (height, width, in, multiplier), for a product
    (in, out). A view where that is possible.
    """
    values = constants.value(node.reads(1))
    if values.dtype != np.float32 or values.ndim != (2 if node.op == "MatMul" else 4):
        raise GraphError(f"the kernel of {node} is damaged: {values.dtype} of the shape {values.shape}")
    kernel = values.astype(np.float32, copy=False)
    if node.op == "MatMul":
        if node.flag("transpose_a", default=False):
            raise GraphError(f"{node} transposes what it reads, our networks do not")
        return (kernel if node.flag("transpose_b", default=False) else kernel.T)[:, :, None, None]
    if node.op == "DepthwiseConv2dNative":
        return kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
    return kernel.transpose(3, 2, 0, 1)


def _other(node: Node, before: Node) -> str:
    """The constant input of a sum or product."""
    return next((name for name in node.inputs if name != before.name), node.reads(1))


def _activation(node: Node) -> Activation:
    if node.op == "LeakyRelu":
        leak = float(np.float32(node.number("alpha", default=_USUAL_LEAK)))
        if leak != float(np.float32(LEAK)):
            raise GraphError(f"{node} leaks {leak:g}, our networks {LEAK:g}")
    return ACTIVATIONS[node.op]
