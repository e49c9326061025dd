"""The classifier among what reads the pooled features. A graph that was retrained has several."""

from collections.abc import Sequence
from itertools import islice

from mobilenets.weights.formats.graphdef.constants import Constants
from mobilenets.weights.formats.graphdef.convolutions import PASSING, SHIFTS, convolutions, oriented
from mobilenets.weights.formats.graphdef.nodes import Node
from mobilenets.weights.formats.graphdef.tree import Tree
from mobilenets.weights.formats.graphdef.wire import GraphError
from mobilenets.weights.found import Kernel

_IMAGENET = (1000, 1001)
_MOST, _NAMED = 50, 3


def classifier_behind(pool: Node, ways: Tree, constants: Constants) -> Kernel | None:
    """The classifier that reads what `pool` makes, with nothing but reshaping between; None if there is none.

    Of several it is the one with ImageNet's number of outputs, and of these the 1 x 1 convolution that TF-Slim has.
    Raises `GraphError` where that leaves more than one.
    """
    heads = list(islice(ways.behind(pool.name), _MOST))
    if not heads:
        return None
    node = heads[0] if len(heads) == 1 else _chosen(heads, constants)
    path = ways.path(node.name)
    start = next(place for place, step in enumerate(path) if step.name == pool.name)
    (made,) = convolutions([*path[start:], *_bias(node, ways)], constants, size=1)
    return made.kernel


def _chosen(heads: Sequence[Node], constants: Constants) -> Node:
    outputs = {node.name: len(oriented(node, constants)) for node in heads}
    best = [node for node in heads if outputs[node.name] in _IMAGENET] or list(heads)
    best = [node for node in best if node.op == "Conv2D"] or best
    if len(best) > 1:
        words = ", ".join(f"{node.name} of {outputs[node.name]:,} outputs" for node in best[:_NAMED])
        raise GraphError(f"{len(best)} heads read its pooled features and nothing tells which is meant: {words}")
    return best[0]


def _bias(head: Node, ways: Tree) -> list[Node]:
    """What stands between a head and the bias behind it, and the bias; nothing if there is none."""
    steps: list[Node] = []
    below = [ways.nodes[name] for name in ways.children[head.name]]
    while below:
        bias = next((node for node in below if node.op in SHIFTS), None)
        passing = [node for node in below if node.op in PASSING]
        if bias:
            return [*steps, bias]
        if len(passing) != 1:
            break
        steps += passing
        below = [ways.nodes[name] for name in ways.children[passing[0].name]]
    return []
