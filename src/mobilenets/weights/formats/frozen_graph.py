"""TensorFlow's frozen graphs (`.pb`): the network is followed from its image to its logits by the graph's own edges.

The authors' archives hold one beside each checkpoint. What is read by name is nothing but TensorFlow's operations, so
that graphs which were retrained, fused or renamed on the way are the same network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mobilenets.architecture.layer import Activation
from mobilenets.architecture.tables import MIN_RESOLUTION
from mobilenets.errors import UsageError
from mobilenets.weights.formats.graphdef.constants import Constants
from mobilenets.weights.formats.graphdef.convolutions import PADS, PASSING, WEIGHTED, Convolution, convolutions
from mobilenets.weights.formats.graphdef.heads import classifier_behind
from mobilenets.weights.formats.graphdef.nodes import Node, nodes_of
from mobilenets.weights.formats.graphdef.padding import height_axis, square
from mobilenets.weights.formats.graphdef.tree import POOLS, Tree, tree, upstream
from mobilenets.weights.formats.graphdef.wire import Budget, GraphError, Message
from mobilenets.weights.found import Found, Kernel
from mobilenets.weights.read import WeightFile

_STRIDE = 32
_LARGEST = 8192
_USUAL_RESOLUTION = 224
_DIMENSIONS = 4
_HALF = (0.5, 0.5, 0.5)
_NAMED = 3


def read(file: WeightFile) -> Found:
    """The network in a frozen graph: kernels with their batch norm, padding, activation, resolution and classifier.

    Of several heads on the pooled features it is the one of ImageNet's 1001 or 1000 classes, and a note names what is
    left out. Raises `UsageError` that names the file where it is damaged, not frozen, or of another network.
    """
    budget = Budget.of(len(file.content))
    try:
        nodes = nodes_of(Message(memoryview(file.content), budget))
        return _found(tree(nodes), Constants(nodes, budget))
    except GraphError as error:
        raise UsageError(f"{file.path} cannot be read as a TensorFlow frozen graph: {error}") from error


def _found(ways: Tree, constants: Constants) -> Found:
    body = _body(ways)
    resolution = _resolution(body)
    layers = convolutions(body.path, constants, size=resolution or _USUAL_RESOLUTION)
    classifier = None
    if body.pool:
        _check_pool(body.pool, body.first, constants, resolution=resolution)
        classifier = classifier_behind(body.pool, ways, constants)
    return Found(
        form="TensorFlow frozen graph",
        kernels=tuple(layer.kernel for layer in layers),
        classifier=classifier,
        padding=_padding(layers),
        activation=_activation(layers),
        resolution=resolution,
        mean=_HALF,
        std=_HALF,
        squash=True,
        interpolation="tf_bilinear",
        notes=(*_notes_on_image(body), *_notes_on_rest(ways, body, classifier)),
    )


@dataclass(frozen=True, slots=True)
class _Body:
    """The way from the image to the pooled features: `path` begins with the image and ends before `pool`."""

    before: tuple[Node, ...]
    path: tuple[Node, ...]
    pool: Node | None

    @property
    def first(self) -> Node:
        """The first convolution."""
        return next(node for node in self.path if node.op in WEIGHTED)


def _body(ways: Tree) -> _Body:
    """The longest way to a pooling, or to the end where nothing is pooled."""
    counts = ways.weighted()
    pools = [name for name in counts if ways.nodes[name].op in POOLS]
    pooled = max(pools, key=counts.__getitem__, default=None)
    if pooled is None or not counts[pooled]:
        pooled = None
    # Behind one another nodes come later, so of those with the most convolutions the last is the end.
    end = pooled or max(reversed(counts), key=counts.__getitem__, default=None)
    if end is None or not counts[end]:
        raise GraphError("it has no convolution that reads an image")
    path = ways.path(end)
    _check_root(path[0], ways)
    image = next(place for place, node in enumerate(path) if node.op in WEIGHTED) - 1
    while image > 0 and path[image].op in PADS | PASSING:
        image -= 1
    pool = path[-1] if pooled else None
    return _Body(tuple(path[:image]), tuple(path[image : -1 if pool else None]), pool)


def _check_root(root: Node, ways: Tree) -> None:
    if root.op in WEIGHTED or any(node.op in WEIGHTED for node in upstream(root.name, ways.nodes)):
        raise GraphError(f"{root} joins or does what no network of ours does")


def _resolution(body: _Body) -> int | None:
    """The side of the image as its placeholder says it, or as the pooling of the whole map does."""
    image, axis = body.path[0], height_axis(body.first)
    shape = image.shape("shape") if image.op == "Placeholder" else ()
    side = -1
    if len(shape) == _DIMENSIONS and shape[axis] == shape[axis + 1]:
        side = shape[axis]
    if side <= 0 and body.pool and body.pool.op == "AvgPool":
        side = _STRIDE * square(body.pool, "ksize")
    if side <= 0:
        return None
    if not MIN_RESOLUTION <= side <= _LARGEST:
        raise GraphError(f"its image has {side} pixels a side: {MIN_RESOLUTION} to {_LARGEST} are possible")
    return side


def _check_pool(pool: Node, convolution: Node, constants: Constants, *, resolution: int | None) -> None:
    """Our networks pool the whole map, whose axes are those of any `convolution`."""
    if pool.op == "AvgPool":
        side, whole = square(pool, "ksize"), -(-(resolution or 0) // _STRIDE)
        if side != whole:
            raise GraphError(f"{pool} pools {side} x {side} places of a map of {whole} x {whole}, ours all")
        return
    axes, first = constants.value(pool.reads(1)), height_axis(convolution)
    if sorted(int(axis) % _DIMENSIONS for axis in axes.reshape(-1)[:_DIMENSIONS]) != [first, first + 1]:
        raise GraphError(f"{pool} takes the mean over other axes than height and width")


def _padding(layers: Sequence[Convolution]) -> Literal["same", "symmetric"] | None:
    rules = {layer.padding for layer in layers} - {None}
    if len(rules) > 1:
        raise GraphError("some of its convolutions pad as TensorFlow's SAME and others on both sides")
    return rules.pop() if rules else None


def _activation(layers: Sequence[Convolution]) -> Activation | None:
    for layer in layers:
        if layer.activation != layers[0].activation:
            raise GraphError(
                f"{layers[0].kernel.name} has the activation {layers[0].activation} behind it and {layer.kernel.name} "
                f"{layer.activation}: in our networks all are alike"
            )
    if layers[0].activation is None:
        raise GraphError(f"{layers[0].kernel.name} has no activation behind it")
    return layers[0].activation


def _notes_on_image(body: _Body) -> tuple[str, ...]:
    image = body.path[0]
    if image.op in ("Placeholder", "PlaceholderWithDefault"):
        return ()
    return (f"the graph prepares its image up to {image} itself: left out, images are taken to be in [-1, 1]",)


def _notes_on_rest(ways: Tree, body: _Body, classifier: Kernel | None) -> tuple[str, ...]:
    """What the graph computes beside the network."""
    used = {node.name for node in body.path} | ({classifier.name} if classifier else set())
    rest = [ways.nodes[name] for name in ways.parents if ways.nodes[name].op in WEIGHTED and name not in used]
    notes = []
    if rest:
        more = f" and {len(rest) - _NAMED} more" if len(rest) > _NAMED else ""
        notes.append(f"left out what another head computes: {', '.join(map(str, rest[:_NAMED]))}{more}")
    if any(node.op == "FakeQuantWithMinMaxVars" for node in ways.nodes.values()):
        notes.append("its rounding to 8 bits (fake quantisation) is left out: these are the float weights")
    return tuple(notes)
