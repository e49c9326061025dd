"""What a graph computes from constants alone: kernels, biases, and the arithmetic of batch norm around them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mobilenets.weights.formats.graphdef.nodes import Node
from mobilenets.weights.formats.graphdef.tensors import Constant, array_of
from mobilenets.weights.formats.graphdef.wire import Budget, GraphError

SAME = frozenset({"Identity", "StopGradient", "CheckNumerics", "Cast", "FakeQuantWithMinMaxVars"})
"""Operations that pass their first input on. The rounding of quantisation-aware training is left out."""

_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "AddV2": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": np.divide,
    "Neg": np.negative,
    "Sqrt": np.sqrt,
    "Rsqrt": lambda values: 1 / np.sqrt(values),
}
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of a graph, each computed once."""

    nodes: Mapping[str, Node]
    budget: Budget
    known: dict[str, Constant] = field(default_factory=dict)

    def source(self, name: str) -> Node:
        """The node itself, or the one before it that it passes on."""
        node = self.nodes[name]
        for _ in range(_DEEPEST):
            if node.op not in SAME:
                return node
            node = self.nodes[node.reads(0)]
        raise GraphError(f"{node} passes on what is passed on over {_DEEPEST} times, or runs in a circle")

    def value(self, name: str, *, depth: int = 0) -> Constant:
        """The array that a node makes. Raises `GraphError` where it is not finite or no constant."""
        node = self.source(name)
        if node.name not in self.known:
            if depth == _DEEPEST:
                raise GraphError(f"{node} is computed from constants in over {_DEEPEST} steps, or in a circle")
            value = self._computed(node, depth + 1)
            if not np.isfinite(value).all():
                raise GraphError(f"{node} holds numbers that are not finite: it is damaged or its training failed")
            self.known[node.name] = value
        return self.known[node.name]

    def _computed(self, node: Node, depth: int) -> Constant:
        if node.op == "Const":
            return array_of(node.tensor("value"), called=node.name)
        if node.op == "Reshape":
            values, shape = self.value(node.reads(0), depth=depth), self.value(node.reads(1), depth=depth)
            return self._reshaped(node, values, shape)
        if node.op not in _ARITHMETIC:
            frozen = ": the graph is not frozen, its weights lie in the checkpoint" if "Var" in node.op else ""
            raise GraphError(f"a weight comes from {node}, which is no constant{frozen}")
        inputs = [self.value(name, depth=depth) for name in node.inputs]
        self._check(node, inputs)
        with np.errstate(all="ignore"):  # what is not finite is refused by its name
            result: Constant = _ARITHMETIC[node.op](*inputs)
        return result.astype(np.float32) if result.dtype.kind == "f" else result

    def _check(self, node: Node, values: list[Constant]) -> None:
        operation = _ARITHMETIC[node.op]
        expected = operation.nin if isinstance(operation, np.ufunc) else 1
        if len(values) != expected:
            raise GraphError(f"{node} has {len(values)} inputs instead of {expected}")
        try:
            shape = np.broadcast_shapes(*(value.shape for value in values))
        except ValueError:
            shapes = " and ".join(str(value.shape) for value in values)
            raise GraphError(f"{node} joins the shapes {shapes}, which do not fit") from None
        self.budget.array(int(np.prod(shape, dtype=object)))

    def _reshaped(self, node: Node, values: Constant, shape: Constant) -> Constant:
        try:
            return values.reshape([int(size) for size in shape.reshape(-1)[:_DEEPEST]])
        except (ValueError, OverflowError):
            raise GraphError(f"{node} cannot give {values.size:,} numbers the shape asked for") from None
