"""The ways of an image through a graph: what each operation reads that is no constant, as a tree."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mobilenets.weights.formats.graphdef.convolutions import ACTIVATIONS, NORMS, PADS, PASSING, SHIFTS, WEIGHTED
from mobilenets.weights.formats.graphdef.nodes import Node
from mobilenets.weights.formats.graphdef.wire import GraphError

POOLS = frozenset({"AvgPool", "Mean"})

_WEIGHTS = ("Const", "Variable", "VariableV2", "VarHandleOp")
_EITHER = (SHIFTS - {"BiasAdd", "BiasAddV1"}) | {"Mul"}  # the constant may be on either side
_FIRST = (WEIGHTED | SHIFTS | NORMS | PADS | PASSING | POOLS | ACTIVATIONS.keys() | {"Softmax"}) - _EITHER


@dataclass(frozen=True, slots=True)
class Tree:
    """`parents` of all nodes that an image reaches, in an order that puts each behind its own; roots have None.

    A root is a placeholder, or an operation that no network of ours has.
    """

    parents: Mapping[str, str | None]
    children: Mapping[str, tuple[str, ...]]
    nodes: Mapping[str, Node]

    def path(self, name: str) -> list[Node]:
        """From a root to the node."""
        path = [self.nodes[name]]
        while (parent := self.parents[path[-1].name]) is not None:
            path.append(self.nodes[parent])
        return path[::-1]

    def weighted(self) -> dict[str, int]:
        """How many convolutions stand on the path to each node, itself included."""
        counts: dict[str, int] = {}
        for name, parent in self.parents.items():
            counts[name] = (0 if parent is None else counts[parent]) + (self.nodes[name].op in WEIGHTED)
        return counts

    def behind(self, name: str) -> Iterator[Node]:
        """The nearest convolutions and products behind a node."""
        waiting = deque(self.children[name])
        while waiting:
            node = self.nodes[waiting.popleft()]
            if node.op in WEIGHTED:
                yield node
            else:
                waiting.extend(self.children[node.name])


def tree(nodes: Mapping[str, Node]) -> Tree:
    """The tree of a graph. Raises `GraphError` for a convolution that no image comes to."""
    varying = _varying(nodes)
    ways = {name: _parent(nodes[name], varying) for name in nodes if name in varying}
    children: dict[str, list[str]] = {name: [] for name in ways}
    for name, parent in ways.items():
        if parent is not None:
            children[parent].append(name)
    order: dict[str, str | None] = {}
    waiting = deque(name for name, parent in ways.items() if parent is None)
    while waiting:
        name = waiting.popleft()
        order[name] = ways[name]
        waiting.extend(children[name])
    unseen = next((node for node in nodes.values() if node.op in WEIGHTED and node.name not in order), None)
    if unseen:
        raise GraphError(f"{unseen} is fed by constants alone or runs in a circle: no image comes to it")
    return Tree(order, {name: tuple(below) for name, below in children.items()}, nodes)


def upstream(name: str, nodes: Mapping[str, Node]) -> Iterable[Node]:
    """All nodes that a node reads, however far away."""
    seen, waiting = {name}, deque([name])
    while waiting:
        for read in nodes[waiting.popleft()].inputs:
            if read not in seen:
                seen.add(read)
                waiting.append(read)
                yield nodes[read]


def _varying(nodes: Mapping[str, Node]) -> set[str]:
    """The nodes that anything but constants has a part in."""
    readers: dict[str, list[str]] = {name: [] for name in nodes}
    for node in nodes.values():
        for name in node.inputs:
            readers[name].append(node.name)
    # Variables count as constants: a graph that has some left is told that it is not frozen where one is needed.
    waiting = deque(node.name for node in nodes.values() if not node.inputs and node.op not in _WEIGHTS)
    found = set(waiting)
    while waiting:
        for reader in readers[waiting.popleft()]:
            if reader not in found:
                found.add(reader)
                waiting.append(reader)
    return found


def _parent(node: Node, varying: set[str]) -> str | None:
    """The one input through which the image comes; None where it is a root."""
    coming = [name for name in node.inputs if name in varying]
    if node.op in _FIRST:
        return node.inputs[0] if coming and coming[0] == node.inputs[0] else None
    # A difference from a constant turns the image round: no network of ours has one.
    if node.op in _EITHER and len(coming) == 1 and (node.op != "Sub" or coming[0] == node.inputs[0]):
        return coming[0]
    return None
