"""Batch norm as graphs hold it: one fused operation, or the arithmetic that TF-Slim's frozen graphs spell out.

There it is x * factor + shift with factor = gamma * rsqrt(variance + epsilon) and shift = beta - mean * factor
(`batch_normalization` in tensorflow/python/ops/nn_impl.py), where gamma or beta may be missing.
"""

from dataclasses import dataclass

import numpy as np

from mobilenets.weights.formats.graphdef.constants import Constants
from mobilenets.weights.formats.graphdef.nodes import Node
from mobilenets.weights.formats.graphdef.wire import GraphError
from mobilenets.weights.found import Array, Norm

_ADDING = ("Add", "AddV2")
# TensorFlow's own, where a graph was written without the attributes that have their usual value.
_USUAL_EPSILON = 1e-4


@dataclass(frozen=True, slots=True)
class Scaling:
    """The first half of a batch norm in arithmetic: `factor` is the node that x is multiplied with."""

    factor: Node
    gamma: Array
    variance: Array
    epsilon: float


def fused_norm(node: Node, constants: Constants, *, channels: int) -> Norm:
    """A FusedBatchNorm. Raises `GraphError` for one in training form, which has no means of its own."""
    if node.flag("is_training", default=True):
        raise GraphError(f"{node} is in training form, without means: freeze the graph of evaluation")
    scale, shift, mean, variance = (
        channel_vector(constants, node.reads(place), channels=channels) for place in range(1, 5)
    )
    epsilon = node.number("epsilon", default=_USUAL_EPSILON)
    return Norm(scale, shift, mean, variance, _shortest(epsilon))


def scaling_of(name: str, constants: Constants, *, channels: int) -> Scaling | None:
    """The batch norm whose factor is the node `name`; None if that is not gamma * rsqrt(variance + epsilon)."""
    factor = constants.source(name)
    root, gamma = _root(factor, constants)
    added = None if root is None else constants.source(root.reads(0))
    if added is None or added.op not in _ADDING:
        return None
    variance, epsilon = (constants.value(added.reads(place)) for place in range(2))
    if epsilon.size != 1:
        variance, epsilon = epsilon, variance
    if epsilon.size != 1:
        return None
    return Scaling(
        factor,
        np.ones(channels, np.float32) if gamma is None else channel_vector(constants, gamma, channels=channels),
        _vector(variance, channels=channels, called=added.name),
        _shortest(float(epsilon.reshape(-1)[0])),
    )


def _root(factor: Node, constants: Constants) -> tuple[Node | None, str | None]:
    """The Rsqrt in a factor, and the node of gamma beside it."""
    if factor.op == "Rsqrt":
        return factor, None
    if factor.op == "Mul":
        for one, other in ((0, 1), (1, 0)):
            node = constants.source(factor.reads(one))
            if node.op == "Rsqrt":
                return node, factor.reads(other)
    return None, None


def shifted(scaling: Scaling, name: str | None, constants: Constants) -> Norm:
    """The whole batch norm: `name` is the node that is added behind the scaling, if any is."""
    zeros, channels = np.zeros_like(scaling.gamma), len(scaling.gamma)
    shift = mean = zeros
    if name is not None:
        node = constants.source(name)
        taken = {"Sub": 1, "Neg": 0}.get(node.op)
        found = None if taken is None else _mean(constants.source(node.reads(taken)), scaling, constants)
        if found is None:
            shift = channel_vector(constants, name, channels=channels)
        else:
            mean = channel_vector(constants, found, channels=channels)
            shift = zeros if node.op == "Neg" else channel_vector(constants, node.reads(0), channels=channels)
    return Norm(scaling.gamma, shift, mean, scaling.variance, scaling.epsilon)


def _mean(product: Node, scaling: Scaling, constants: Constants) -> str | None:
    """The node of the mean in mean * factor; None if it is another product."""
    if product.op == "Mul":
        for one, other in ((0, 1), (1, 0)):
            if constants.source(product.reads(one)).name == scaling.factor.name:
                return product.reads(other)
    return None


def channel_vector(constants: Constants, name: str, *, channels: int) -> Array:
    """One number a channel. Raises `GraphError` where the node makes another number of them."""
    return _vector(constants.value(name), channels=channels, called=name)


def _vector(values: np.ndarray, *, channels: int, called: str) -> Array:
    if values.size not in (1, channels) or values.dtype != np.float32:
        raise GraphError(f"{called} has {values.size:,} numbers for {channels:,} channels")
    return np.array(np.broadcast_to(values.reshape(-1), (channels,)), np.float32)


def _shortest(value: float) -> float:
    """A float32 with the fewest decimals that say it: .001 and not .0010000000474974513."""
    return float(str(np.float32(value)))
