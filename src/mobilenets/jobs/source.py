"""A checkpoint as it is exported from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from mobilenets.checkpoint import Description, read_description
from mobilenets.deployment.shipped import Inputs, Shipped
from mobilenets.deployment.verify import Difference
from mobilenets.network.graph import Network
from mobilenets.prediction.model import load_network, restore_task
from mobilenets.tasks.parts import NamesOutputs, Ships
from mobilenets.tasks.protocol import Task


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint as it is exported from: the network is evaluated and not folded.

    The task is the one that reads the file, and the description's state is its; `tail` stands behind the network there.
    """

    folder: Path
    description: Description
    task: Task
    network: Network
    tail: nn.Module | None = None

    @property
    def labels(self) -> Sequence[str]:
        """The names of the outputs, where the task has any."""
        return self.task.labels if isinstance(self.task, NamesOutputs) else ()

    @property
    def exclusive(self) -> bool:
        """Whether the outputs are classes, of which the largest is the answer."""
        return isinstance(self.task, NamesOutputs) and self.task.exclusive

    @property
    def difference(self) -> Difference | None:
        """How the task compares a file's outputs, where it has a way of its own."""
        return self.task.difference if isinstance(self.task, Ships) else None

    @property
    def answering(self) -> nn.Module:
        """What gives in PyTorch what the file is to give."""
        return self.network if self.tail is None else nn.Sequential(self.network, self.tail)

    def shipped(self, inputs: Inputs, network: Network | None = None) -> Shipped:
        """The module that ships, with this network in place of the checkpoint's where one is given."""
        return Shipped(network or self.network, self.description.preprocessing, inputs=inputs, tail=self.tail)


def read_source(folder: Path, *, suppression: bool = True) -> Source:
    """The checkpoint in a folder, laid for what it is shown, for files that can suppress boxes or not.

    Raises `UsageError` for a bad one, and for a task that has no such file.
    """
    description = read_description(folder)
    # The file takes what the network is shown, which may be another resolution than it was laid for.
    shown = replace(description.architecture, resolution=description.preprocessing.resolution)
    description = replace(description, architecture=shown)
    task = restore_task(description, folder=folder)
    network = load_network(description, task, folder=folder)
    network.eval()
    if not isinstance(task, Ships):
        return Source(folder, description, task, network)
    reader = task.shipped(suppression=suppression)
    return Source(folder, replace(description, task_state=reader.state()), reader, network, reader.tail())
