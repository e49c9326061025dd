"""Weights to start from: a checkpoint's body, and its head where the classes are the same."""

from pathlib import Path

from mobilenets.architecture import names
from mobilenets.checkpoint import MODEL, read_description, read_tensors
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.prediction.model import restore_task
from mobilenets.run import Architecture
from mobilenets.tasks.protocol import Task


def starting_weights(network: Network, folder: Path, *, architecture: Architecture, task: Task) -> None:
    """Load the checkpoint in `folder` into `network`, whose head stays random unless the task is the same.

    Raises `UsageError` where the checkpoint's body is another network.
    """
    description = read_description(folder)
    theirs = description.architecture
    if (theirs.family, theirs.width, theirs.min_depth) != (
        architecture.family,
        architecture.width,
        architecture.min_depth,
    ):
        raise UsageError(
            f"--weights {folder}: they are of {description.network}, the run asks for {architecture.name}: "
            f"use --family {theirs.family} --width {theirs.width:g} --min-depth {theirs.min_depth}"
        )
    tensors = read_tensors(folder / MODEL).tensors
    same_head = restore_task(description, folder=folder).state() == task.state()
    wanted = network.state_dict()
    loaded = {
        name: tensor for name, tensor in tensors.items() if same_head or name in _body_names(network, architecture)
    }
    missing = [name for name in _body_names(network, architecture) if name not in tensors]
    if missing:
        raise UsageError(f"{folder / MODEL} has no tensor {missing[0]!r}: it is not whole")
    network.load_state_dict({**wanted, **loaded})


def _body_names(network: Network, architecture: Architecture) -> list[str]:
    body = {layer.name.split("/")[0] for layer in names.body(architecture.name, min_depth=architecture.min_depth)}
    return [name for name in network.state_dict() if name.split(".")[1] in body]
