"""Weights to start from: a checkpoint's body, and its head where the task is the same."""

from pathlib import Path

from mobilenets.architecture import names
from mobilenets.checkpoint import MODEL, load_weights, read_description, read_tensors
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.prediction.model import restore_task
from mobilenets.run import Architecture
from mobilenets.tasks.protocol import Task

_SAME = ("family", "width", "min_depth", "padding", "activation")


def starting_weights(network: Network, folder: Path, *, architecture: Architecture, task: Task) -> None:
    """Load the checkpoint in `folder` into `network`, whose head stays random unless the task is the same.

    Raises `UsageError` where the checkpoint's body is another network or its tensors are not whole.
    """
    description = read_description(folder)
    _check_same(description.architecture, architecture, folder)
    theirs = restore_task(description, folder=folder)
    wanted = network.state_dict()
    if (theirs.name, theirs.state()) == (task.name, task.state()):
        taken = set(wanted)
    else:
        taken = set(_body_names(network, architecture))
    tensors = read_tensors(folder / MODEL).tensors
    mine = {name: tensor for name, tensor in wanted.items() if name not in taken}
    body = {name: tensor for name, tensor in tensors.items() if name in taken}
    load_weights(network, {**mine, **body}, where=folder / MODEL)


def _check_same(theirs: Architecture, asked: Architecture, folder: Path) -> None:
    """All that the body's weights depend on has to be as it was; the resolution is free."""
    other = [name for name in _SAME if getattr(theirs, name) != getattr(asked, name)]
    if other:
        flags = " ".join(f"--{name.replace('_', '-')} {_text(getattr(theirs, name))}" for name in other)
        asks = ", ".join(f"{name.replace('_', ' ')} {_text(getattr(asked, name))}" for name in other)
        raise UsageError(f"--weights {folder} is a {theirs.name} and the run asks for {asks}: use {flags}")


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _body_names(network: Network, architecture: Architecture) -> list[str]:
    body = {layer.name.split("/")[0] for layer in names.body(architecture.name, min_depth=architecture.min_depth)}
    return [name for name in network.state_dict() if name.split(".")[1] in body]
