"""Starting weights put into a run's network: the body, and the head where the task is the same."""

from dataclasses import dataclass

from torch import Tensor

from mobilenets.checkpoint import load_weights
from mobilenets.errors import UsageError
from mobilenets.jobs.start.detector import for_other_classes
from mobilenets.jobs.start.fused import fused, fused_layers
from mobilenets.jobs.start.source import StartingWeights
from mobilenets.network.graph import Network, module_paths
from mobilenets.run import Architecture
from mobilenets.tasks.detect.task import Detect
from mobilenets.tasks.parts import Settles
from mobilenets.tasks.protocol import Task
from mobilenets.training.unfold import without_statistics

_SAME = ("family", "width", "min_depth", "padding", "activation")
_NORM = ("norm", "norm_epsilon")


@dataclass(frozen=True, slots=True)
class Placed:
    """What is left to do: `head` came with the weights; `folded` weights have no batch norm statistics yet.

    `fused` are the blocks whose batch norm now stands behind a function that it did not learn with.
    """

    head: bool = False
    folded: bool = False
    fused: tuple[str, ...] = ()


def check_same(weights: StartingWeights, asked: Architecture) -> None:
    """All that the body's weights depend on has to be as it was; the resolution and the dropout are free.

    Raises `UsageError` that names what differs.
    """
    theirs = weights.architecture
    # Folded weights have no epsilon any more: the norm that they get back may have any, and the run may do without.
    wanted = [*_SAME, *(_NORM if theirs.norm else ())]
    other = [name for name in wanted if getattr(theirs, name) != getattr(asked, name)]
    if other:
        flags = " ".join(_flag(name, getattr(theirs, name)) for name in other)
        asks = ", ".join(f"{name.replace('_', ' ')} {_text(getattr(asked, name))}" for name in other)
        source = weights.origin.weights
        raise UsageError(f"--weights {source} is a {theirs.name} and the run asks for {asks}: use {flags}")


def put_weights(network: Network, weights: StartingWeights, *, architecture: Architecture, task: Task) -> Placed:
    """Load weights into `network`, whose head stays random unless the task is the same.

    Of a detector all is loaded, and in one of other classes those of the same name keep their scores. Where batch norm
    is folded into the weights and the network has it, it adds their biases and nothing else. Where the network has
    nothing between the halves of a separable layer, what stood there is put into them (see `fused`). Raises
    `UsageError` where the body is another network or its tensors are not whole.
    """
    check_same(weights, architecture)
    folded = architecture.norm and not weights.architecture.norm
    wanted = network.state_dict()
    theirs = weights.state
    if folded:
        theirs = without_statistics(theirs, epsilon=architecture.norm_epsilon, bare=wanted.keys())
    layers = fused_layers(theirs, wanted)
    theirs = fused(theirs, layers, epsilon=architecture.norm_epsilon)
    head = weights.task is not None and _same(weights.task, task)
    known = _classes_of_detectors(weights.task, task)
    if known and not head:
        theirs = for_other_classes(theirs, wanted, network.layers, known=known[0], wanted=known[1])
    taken = set(wanted) if head or known else set(_body_names(wanted, architecture))
    mine = {name: tensor for name, tensor in wanted.items() if name not in taken}
    body = {name: tensor for name, tensor in theirs.items() if name in taken}
    load_weights(network, {**mine, **body}, where=weights.where)
    return Placed(head=head, folded=folded, fused=tuple(layers))


def _same(one: Task, other: Task) -> bool:
    one, other = (task.bare() if isinstance(task, Settles) else task for task in (one, other))
    return (one.name, one.state()) == (other.name, other.state())


def _classes_of_detectors(one: Task | None, other: Task) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The classes of two detectors of the same framework; None for any other tasks."""
    if not (isinstance(one, Detect) and isinstance(other, Detect)):
        return None
    return (one.classes, other.classes) if one.settings.framework == other.settings.framework else None


def _flag(name: str, value: object) -> str:
    word = name.replace("_", "-")
    return f"--{word} {_text(value)}" if value is not True else f"no --no-{word}"


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _body_names(wanted: dict[str, Tensor], architecture: Architecture) -> list[str]:
    body = tuple(f"{path}." for path in module_paths(architecture.body()).values())
    return [name for name in wanted if name.startswith(body)]
