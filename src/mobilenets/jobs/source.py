"""A checkpoint as it is exported from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mobilenets.checkpoint import Description, read_description
from mobilenets.deployment.shipped import Inputs, Shipped
from mobilenets.network.graph import Network
from mobilenets.prediction.model import load_network, restore_task
from mobilenets.tasks.protocol import NamesOutputs, Task


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint as it is exported from: the network is evaluated and not folded."""

    folder: Path
    description: Description
    task: Task
    network: Network

    @property
    def labels(self) -> Sequence[str]:
        """The names of the outputs, where the task has any."""
        return self.task.labels if isinstance(self.task, NamesOutputs) else ()

    @property
    def exclusive(self) -> bool:
        """Whether the outputs are classes, of which the largest is the answer."""
        return isinstance(self.task, NamesOutputs) and self.task.exclusive

    def shipped(self, inputs: Inputs) -> Shipped:
        """The module that ships."""
        return Shipped(self.network, self.description.preprocessing, inputs=inputs)


def read_source(folder: Path) -> Source:
    """The checkpoint in a folder, laid for what it is shown. Raises `UsageError` for a bad one."""
    description = read_description(folder)
    # The file takes what the network is shown, which may be another resolution than it was laid for.
    shown = replace(description.architecture, resolution=description.preprocessing.resolution)
    description = replace(description, architecture=shown)
    task = restore_task(description, folder=folder)
    network = load_network(description, task, folder=folder)
    network.eval()
    return Source(folder, description, task, network)
