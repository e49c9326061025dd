"""Share of time by kind of layer: a runtime's times of its nodes, against the layers that they compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OTHER = "other"
_PRODUCTS = ("gemm", "matmul", "fullyconnected", "fully_connected")


@dataclass(frozen=True)
class Node:
    """A node of a runtime's own graph, in running order: what it calls itself, and the seconds it took."""

    op: str
    seconds: float


@dataclass(frozen=True)
class Work:
    """A layer with weights, in running order."""

    kind: str
    mult_adds: int


@dataclass(frozen=True)
class Shares:
    """`kinds` gives the fractions `time` and `mult_adds` of each kind; where it is empty `note` says why."""

    kinds: Mapping[str, Any]
    note: str


def by_kind(nodes: Sequence[Node], layers: Sequence[Work]) -> Shares:
    """The nodes that convolve or multiply are the layers with weights, one to one; what else there is counts as other.

    Runtimes fuse batch norm, activation and bias into such a node, and put in nodes of their own that move memory.
    """
    heavy = [node for node in nodes if _is_heavy(node.op)]
    total = sum(node.seconds for node in nodes)
    if len(heavy) != len(layers):
        return Shares({}, f"its {len(heavy)} convolutions and products are not the {len(layers)} layers one to one")
    if total <= 0:
        return Shares({}, "its nodes were too quick for its own clock")
    mult_adds = sum(layer.mult_adds for layer in layers)
    times = {layer.kind: 0.0 for layer in layers}
    work = dict.fromkeys(times, 0)
    for place, layer in enumerate(layers):
        times[layer.kind] += heavy[place].seconds
        work[layer.kind] += layer.mult_adds
    times[OTHER] = sum(node.seconds for node in nodes if not _is_heavy(node.op))
    kinds = {
        kind: {"time": seconds / total, "mult_adds": work.get(kind, 0) / mult_adds} for kind, seconds in times.items()
    }
    return Shares(kinds, "")


def _is_heavy(op: str) -> bool:
    plain = op.lower()
    return "conv" in plain.replace("convert", "") or any(word in plain for word in _PRODUCTS)
