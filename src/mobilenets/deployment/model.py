"""An artefact ready to answer, run in its own runtime: it stands wherever a checkpoint's `Model` does."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor

from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.deployment.artefact import Artefact, read_artefact
from mobilenets.deployment.runtimes.protocol import Images, check_can_run
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.session import Batched
from mobilenets.deployment.shipped import Inputs
from mobilenets.errors import UsageError
from mobilenets.tasks.protocol import Task
from mobilenets.tasks.registry import task_named


@dataclass(frozen=True, slots=True)
class ArtefactModel:
    """Calling it takes (N, 3, resolution, resolution) bytes and gives the file's outputs, both on the CPU.

    With `any_size` the resolution of the preprocessing may be changed. `notes` are to be told to the user.
    """

    run: Batched
    inputs: Inputs
    any_size: bool
    task: Task
    preprocessing: Preprocessing
    device: torch.device
    notes: tuple[str, ...]

    def __call__(self, images: Tensor) -> Tensor:
        return torch.from_numpy(self.run(self._taken(images)))

    def _taken(self, images: Tensor) -> Images:
        if self.inputs == "uint8":
            return images.permute(0, 2, 3, 1).contiguous().numpy()
        return scale(images, self.preprocessing).contiguous().numpy()


def load_artefact(folder: Path, *, threads: int = 0) -> ArtefactModel:
    """An artefact as a model; 0 threads leaves their number to the runtime.

    Raises `UsageError` for a bad artefact, and where its runtime is not installed.
    """
    artefact = read_artefact(folder)
    runtime = runtime_named(artefact.report.runtime)
    check_can_run(runtime)
    session = runtime.open(artefact.model, threads=threads)
    said = artefact.report
    return ArtefactModel(
        run=Batched(session, said.batch),
        inputs=said.inputs,
        any_size=said.any_size,
        task=task_of(artefact),
        preprocessing=artefact.preprocessing,
        device=torch.device("cpu"),
        notes=(f"run in {runtime.title} {version(runtime.runner)}", *_unverified(artefact)),
    )


def _unverified(artefact: Artefact) -> tuple[str, ...]:
    if artefact.report.verification is not None:
        return ()
    return (f"its file has not been verified yet: `mobilenets verify {artefact.folder}` does",)


def task_of(artefact: Artefact) -> Task:
    """The task whose answers an artefact gives. Raises `UsageError` where its report is not whole."""
    try:
        return task_named(artefact.report.task).restore(artefact.report.task_state)
    except UsageError as error:
        raise UsageError(f"{artefact.folder}: {error}") from None
