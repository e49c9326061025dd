"""From a run's settings to everything it needs: photographs, network, optimiser, and the place where it stands."""

from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console

from mobilenets.architecture.layer import Layer
from mobilenets.checkpoint import STATE, Description, read_description
from mobilenets.data.photos import Collection
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.jobs.material import Material, divided, material, preprocessing
from mobilenets.jobs.start import starting_weights
from mobilenets.jobs.train.job import Job
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.prediction.model import plan
from mobilenets.run import Run
from mobilenets.tasks.protocol import LossSettings, Task
from mobilenets.tasks.registry import task_named
from mobilenets.training.average import Average
from mobilenets.training.distributed import Group
from mobilenets.training.norm import synchronised
from mobilenets.training.optimiser import optimiser
from mobilenets.training.pace import Pace
from mobilenets.training.state import Learner, Progress, restore_state
from mobilenets.training.watch import check_tensorboard, counting


def prepare(run: Run, processes: Group, console: Console, *, resumed: bool) -> Job:
    """Open the photographs, build what learns and, `resumed`, bring it back to where it stood.

    Raises `UsageError` for settings, data or a state that do not fit together, `JobError` for too many bad photographs.
    """
    if run.tensorboard:
        check_tensorboard()
    collection = divided(run)
    task = task_named(run.task).learn(collection, settings=LossSettings(run.optimisation.label_smoothing))
    shown = _shown(run, collection)
    layers = plan(run.architecture, task)
    photographs = material(
        run, collection, task, shown, counting=lambda words, total: counting(console, words, total=total)
    )
    pace = _pace(run, photographs, layers, world=processes.share.world)
    saved = resumed and (run.out / STATE).exists()
    network = _network(run, layers, task, fresh=not saved)
    learner = _learner(run, network, processes)
    progress = _restored(run, learner, photographs) if saved else Progress(data=photographs.digest)
    source = f"trained from {run.weights or 'random weights'} on {collection.name}"
    description = Description(run.task, task.state(), run.architecture, shown, source, run)
    return Job(run, processes, task, photographs, pace, description, learner, progress)


def _shown(run: Run, collection: Collection) -> Preprocessing:
    """How photographs are scaled; weights to start from go on with what they are used to."""
    shown = preprocessing(run, collection)
    if run.weights is None:
        return shown
    before = read_description(Path(run.weights)).preprocessing
    return replace(shown, mean=before.mean, std=before.std)


def _pace(run: Run, photographs: Material, layers: list[Layer], *, world: int) -> Pace:
    """Raises `UsageError` where a step is too small to be divided, or for batch norm."""
    smallest = min((layer.out_size[0] * layer.out_size[1] for layer in layers if layer.norm), default=1)
    # The variance of a single value is not defined; many processes share theirs.
    least = run.accumulate * (2 if smallest == 1 and world == 1 else 1)
    pace = Pace(photographs.train.count, run.batch, run.epochs, run.seed, least)
    if pace.size // world < least:
        raise UsageError(
            f"a step of {counted(pace.size, 'photograph')} is too small for {_parts(run, world)} at resolution "
            f"{run.architecture.resolution}: it takes {least * world}; use a larger --batch or more photographs"
        )
    return pace


def _parts(run: Run, world: int) -> str:
    parts = "one part" if run.accumulate == 1 else f"{run.accumulate} parts"
    return parts if world == 1 else f"{world} processes with {parts}"


def _network(run: Run, layers: list[Layer], task: Task, *, fresh: bool) -> Network:
    network = Network(layers, dropout=run.architecture.dropout)
    torch.manual_seed(run.seed)
    initialise(network)
    if run.weights and fresh:
        starting_weights(network, Path(run.weights), architecture=run.architecture, task=task)
    return network


def _learner(run: Run, network: Network, processes: Group) -> Learner:
    network.to(device=processes.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = Average(network)
    learning = synchronised(network, world=processes.share.world)
    return Learner(learning, average, optimiser(learning, run.optimisation))


def _restored(run: Run, learner: Learner, photographs: Material) -> Progress:
    progress = restore_state(run.out, learner)
    if progress.data != photographs.digest:
        raise UsageError(f"{run.data}: the photographs changed since the run in {run.out} began: start a new one")
    return progress
