"""A checkpoint ready to answer: the network, its task, its preprocessing."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mobilenets.architecture import names
from mobilenets.architecture.layer import Layer
from mobilenets.checkpoint import MODEL, Description, load_weights, read_description, read_tensors
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.errors import UsageError
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.run import Architecture
from mobilenets.tasks.protocol import Task
from mobilenets.tasks.registry import task_named

_DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, slots=True)
class Model:
    """Calling it takes (N, 3, resolution, resolution) bytes on its device and gives the network's outputs."""

    network: nn.Module
    task: Task
    preprocessing: Preprocessing
    device: torch.device
    precision: torch.dtype = torch.float32

    def __call__(self, images: Tensor) -> Tensor:
        with torch.inference_mode(), torch.autocast(self.device.type, self.precision, enabled=self._autocast):
            floats = scale(images.to(self.device, non_blocking=True), self.preprocessing)
            outputs: Tensor = self.network(floats.contiguous(memory_format=torch.channels_last))
            return outputs

    @property
    def _autocast(self) -> bool:
        return self.precision != torch.float32


def plan(architecture: Architecture, task: Task) -> list[Layer]:
    """The layers of a task's network: the body by its name and dials, the head by the task."""
    body = names.body(
        architecture.name,
        min_depth=architecture.min_depth,
        padding=architecture.padding,
        activation=architecture.activation,
        norm=architecture.norm,
        epsilon=architecture.norm_epsilon,
    )
    return [*body, *task.head(body)]


def restore_task(description: Description, *, folder: Path) -> Task:
    """The task a checkpoint was trained for."""
    try:
        return task_named(description.task).restore(description.task_state)
    except UsageError as error:
        raise UsageError(f"{folder}: {error}") from None


def load_network(description: Description, task: Task, *, folder: Path) -> Network:
    """The checkpoint's network with its weights, ready for training or evaluation."""
    network = Network(plan(description.architecture, task), dropout=description.architecture.dropout)
    load_weights(network, read_tensors(folder / MODEL).tensors, where=folder / MODEL)
    return network


def load(folder: Path, *, device: torch.device) -> Model:
    """A checkpoint folder as a model: batch norm folded, channels last. Raises `UsageError` for a bad checkpoint."""
    description = read_description(folder)
    task = restore_task(description, folder=folder)
    network = fold(load_network(description, task, folder=folder).eval())
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Model(network, task, description.preprocessing, device)


def choose_device(asked: str) -> torch.device:
    """The device for "auto", "cpu" or "cuda"; raises `UsageError` for another word and where there is no GPU."""
    if asked not in _DEVICES:
        raise UsageError(f"device {asked!r} is unknown: use one of {', '.join(_DEVICES)}")
    if asked == "cuda" and not torch.cuda.is_available():
        raise UsageError("device cuda: this machine has no GPU that torch can use; use --device cpu")
    return torch.device("cuda" if asked != "cpu" and torch.cuda.is_available() else "cpu")
