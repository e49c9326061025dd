"""From a run's settings to everything it needs: photographs, network, optimiser, and the place where it stands."""

import copy
from dataclasses import replace

import torch
from rich.console import Console

from mobilenets.architecture.layer import Layer
from mobilenets.checkpoint import STATE, Description, Origin, read_description
from mobilenets.data.photos import Collection
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.jobs.material import Material, divided, material, preprocessing, val_split
from mobilenets.jobs.start import Placed, StartingWeights, check_same, open_weights, put_weights
from mobilenets.jobs.train.job import Job
from mobilenets.jobs.train.lesson import with_lesson
from mobilenets.jobs.train.stages import stage_notes
from mobilenets.jobs.train.teacher import Teacher, open_teacher, taught_task
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.run import Run
from mobilenets.tasks.distillation import judge_of
from mobilenets.tasks.protocol import Task, TaskSettings
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

    Raises `UsageError` for settings, weights, data or a state that do not fit together, `JobError` for too many bad
    photographs.
    """
    if run.tensorboard:
        check_tensorboard()
    saved = resumed and (run.out / STATE).exists()
    weights = _weights(run) if run.starting_weights and not saved else None
    teacher = open_teacher(run, processes.device, resumed=resumed) if run.distillation.teacher else None
    collection = divided(run)
    task = _task(run, collection, teacher)
    origin, shown = _used_to(run, preprocessing(run, collection, task), weights)
    layers = task.layers(run.architecture)
    photographs = material(
        run, collection, task, shown, counting=lambda words, total: counting(console, words, total=total)
    )
    pace = _pace(run, photographs, layers, world=processes.share.world)
    network = _random_network(run, layers)
    placed = put_weights(network, weights, architecture=run.architecture, task=task) if weights else Placed()
    learner = _learner(run, network, processes)
    progress = _restored(run, learner, photographs) if saved else _begun(photographs, weights)
    if run.first_stage is not None and not saved and not placed.head:
        progress.notes.append("stage one learnt other classes: stage two begins with a head of its own")
    job = Job(
        run=run,
        group=processes,
        task=task,
        judge=judge_of(task, collection, val_split(collection)),
        material=photographs,
        pace=pace,
        description=_described(run, task, collection, shown, origin, teacher),
        learner=learner,
        progress=progress,
        placed=None if saved else placed,
    )
    return with_lesson(job, teacher, console) if teacher else job


def _task(run: Run, collection: Collection, teacher: Teacher | None) -> Task:
    settings = TaskSettings(
        label_smoothing=run.optimisation.label_smoothing,
        geocells=run.geocells,
        embedding=run.embedding,
        detection=run.detection,
    )
    if teacher is not None:
        return taught_task(run, collection, settings, teacher)
    return task_named(run.task).learn(collection, settings=settings)


def _weights(run: Run) -> StartingWeights:
    """What the run starts from, seen to fit before photographs are read for hours."""
    assert run.starting_weights is not None
    weights = open_weights(run.starting_weights, asked=run.architecture)
    check_same(weights, run.architecture)
    return replace(weights, notes=(*weights.notes, *stage_notes(run)))


def _used_to(run: Run, shown: Preprocessing, weights: StartingWeights | None) -> tuple[Origin | None, Preprocessing]:
    """Where the weights come from, and the scaling of photographs that they are used to.

    A run that goes on has both in its own run.json: the weights that it started from may be gone.
    """
    if run.starting_weights is None:
        return None, shown
    if weights is not None:
        origin: Origin | None = weights.origin
        before = weights.preprocessing
    else:
        description = read_description(run.out)
        origin, before = description.origin, description.preprocessing
    return origin, replace(shown, mean=before.mean, std=before.std)


def _described(
    run: Run,
    task: Task,
    collection: Collection,
    shown: Preprocessing,
    origin: Origin | None,
    teacher: Teacher | None,
) -> Description:
    first = f"{run.noise.noisy}, then " if run.noise.noisy else ""
    source = f"trained from {run.weights or 'random weights'} on {first}{collection.name}"
    if teacher is None:
        return Description(run.task, task.state(), run.architecture, shown, source, run, origin)
    source += f", taught by {teacher.origin.teacher}"
    return Description(run.task, task.state(), run.architecture, shown, source, run, origin, teacher.origin)


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


def _random_network(run: Run, layers: list[Layer]) -> Network:
    network = Network(layers, dropout=run.architecture.dropout)
    torch.manual_seed(run.seed)
    initialise(network)
    return network


def _learner(run: Run, network: Network, processes: Group) -> Learner:
    network.to(device=processes.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = Average(network)
    kept = copy.deepcopy(average.network) if run.keep == "best" else None
    learning = synchronised(network, world=processes.share.world)
    return Learner(learning, average, optimiser(learning, run.optimisation), kept)


def _begun(photographs: Material, weights: StartingWeights | None) -> Progress:
    return Progress(data=photographs.digest, notes=list(weights.notes if weights else ()))


def _restored(run: Run, learner: Learner, photographs: Material) -> Progress:
    progress = restore_state(run.out, learner)
    if progress.data != photographs.digest:
        raise UsageError(f"{run.data}: the photographs changed since the run in {run.out} began: start a new one")
    return progress
