"""`mobilenets.train`: from a run's settings to a checkpoint and a report."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from mobilenets.architecture.cost import cost
from mobilenets.checkpoint import (
    MODEL,
    RUN,
    SPLIT,
    STATE,
    Description,
    read_description,
    write_description,
    write_tensors,
)
from mobilenets.data.loader import Batches, evaluation_picks, load
from mobilenets.data.photos import Collection
from mobilenets.data.split import write_split
from mobilenets.errors import JobError, UsageError
from mobilenets.files import write_text_whole
from mobilenets.jobs.material import Material, Part, divided, material, preprocessing
from mobilenets.jobs.memory import keep_memory
from mobilenets.jobs.start import starting_weights
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.prediction.evaluate import Evaluation, Gathered, evaluate, gather
from mobilenets.prediction.model import Model, choose_device, plan
from mobilenets.run import Run
from mobilenets.tasks.protocol import LossSettings, Task
from mobilenets.tasks.registry import task_named
from mobilenets.training.average import Average
from mobilenets.training.distributed import Group, group, synchronised
from mobilenets.training.loop import Loop, Pace, Watcher
from mobilenets.training.optimiser import optimiser
from mobilenets.training.report import run_page
from mobilenets.training.schedule import Schedule, fitting_decay
from mobilenets.training.state import Learner, Progress, restore_state, save_state
from mobilenets.training.step import Stepper
from mobilenets.training.stop import StopRequest, listening
from mobilenets.training.watch import Display, Silent, counting

REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run came to. `finished` is false where somebody stopped it; its state is saved then."""

    folder: Path
    finished: bool
    epochs: int
    scores: dict[str, float]
    history: list[dict[str, Any]]
    seconds: float


def train(run: Run, *, overwrite: bool = False, console: Console | None = None) -> Trained:
    """Train a network from `run`, leaving in `run.out` the checkpoint, the curves, the split and `report.html`.

    Raises `UsageError` where the folder already holds a run (`overwrite` starts it anew) or the data cannot be used,
    `JobError` where training fails; the last saved state then stands in the folder.
    """
    if (run.out / RUN).exists() and not overwrite:
        raise UsageError(
            f"{run.out} already holds a run: go on with --resume {run.out}, or start anew with --overwrite"
        )
    if run.out.exists() and not run.out.is_dir():
        raise UsageError(f"{run.out} is a file: --out takes a folder")
    return _train(run, resumed=False, console=console or Console(stderr=True))


def resume(folder: Path, *, console: Console | None = None) -> Trained:
    """Continue the run in `folder` from its last saved state, to the same bits as if it had never stopped.

    Raises `UsageError` where there is no run to continue or its photographs changed.
    """
    description = read_description(folder)
    if description.run is None:
        raise UsageError(f"{folder} holds weights and no training run: there is nothing to resume")
    return _train(replace(description.run, out=folder), resumed=True, console=console or Console(stderr=True))


def _train(run: Run, *, resumed: bool, console: Console) -> Trained:
    begun = time.monotonic()
    keep_memory()
    if run.machine.threads:
        torch.set_num_threads(run.machine.threads)
    with group(choose_device(run.machine.device), batch=run.batch) as processes, listening() as stop:
        shown = console if processes.leads else Console(quiet=True)
        job = _prepare(run, processes, shown, resumed=resumed)
        with _watching(job, shown) as watcher:
            loop = job.loop(watcher)
            finished = loop.run(job.progress, stop)
        if not finished:
            raise JobError(_stopped(job, stop))
        return _finish(job, seconds=time.monotonic() - begun)


def _stopped(job: "_Job", stop: StopRequest) -> str:
    where = f"epoch {job.progress.epoch + 1} of {job.run.epochs}, step {job.progress.step}"
    name = stop.signal.name if stop.signal else "another process"
    return f"stopped by {name} at {where}; saved: go on with mobilenets train --resume {job.run.out}"


@dataclass(frozen=True, slots=True)
class _Job:
    """Everything of a run, put together."""

    run: Run
    group: Group
    task: Task
    material: Material
    description: Description
    learner: Learner
    progress: Progress

    def loop(self, watcher: Watcher) -> Loop:
        run, pace = self.run, self.pace
        return Loop(
            pace=pace,
            stepper=self._stepper(),
            batches=self.batches(self.material.train, learning=True),
            schedule=Schedule(run.optimisation, run.epochs, pace.steps),
            evaluate=self.evaluate,
            save=self.save,
            watcher=watcher,
            check_missing=self.material.check_missing,
            save_seconds=run.save_minutes * 60,
            workers=self.workers,
        )

    @property
    def pace(self) -> Pace:
        return Pace(self.material.train.count, self.run.batch, self.run.epochs, self.run.seed)

    @property
    def workers(self) -> int:
        """On a GPU, processes prepare the photographs; on a CPU the step's own threads do, between two steps."""
        if self.run.machine.workers or self.group.device.type == "cpu":
            return self.run.machine.workers
        return min(8, torch.get_num_threads())

    def _stepper(self) -> Stepper:
        run = self.run
        network = self.group.parallel(self.learner.network)
        return Stepper(
            learner=self.learner,
            forward=torch.compile(network) if run.machine.compile else network,  # type: ignore[arg-type]
            task=self.task,
            preprocessing=self.description.preprocessing,
            group=self.group,
            precision=self._precision,
            accumulate=run.accumulate,
            clip=run.optimisation.clip,
        )

    @property
    def _precision(self) -> torch.dtype:
        asked, on_gpu = self.run.machine.precision, self.group.device.type == "cuda"
        return torch.bfloat16 if asked == "bfloat16" or (asked == "auto" and on_gpu) else torch.float32

    def batches(self, part: Part, *, learning: bool) -> Batches:
        return Batches(
            part.examples,
            part.pixels,
            resolution=self.description.preprocessing.resolution,
            distortion=self.material.distortion if learning else None,
            seed=self.run.seed,
            threads=1 if self.workers else torch.get_num_threads(),
        )

    def evaluate(self) -> Evaluation | None:
        """Score the average on the held-out photographs, spread over the processes; the first one has the result."""
        part = self.material.val
        picks = evaluation_picks(part.count, batch=max(self.run.batch, 64), share=self.group.share)
        batches = load(self.batches(part, learning=False), picks, workers=self.workers)
        model = Model(fold(self.learner.average.network), self.task, self.description.preprocessing, self.group.device)
        whole = Gathered()
        for gathered in self.group.gather(gather(model, self.task, batches, device=self.group.device)):
            whole.merge(gathered)
        return evaluate(self.task, part.examples, whole) if self.group.leads else None

    def save(self, progress: Progress) -> None:
        if self.group.leads:
            folder = self.run.out
            write_tensors(folder / MODEL, self.learner.average.network.state_dict(), {})
            save_state(folder, self.learner, progress)


def _prepare(run: Run, processes: Group, console: Console, *, resumed: bool) -> _Job:
    collection = divided(run)
    task = task_named(run.task).learn(collection, settings=LossSettings(run.optimisation.label_smoothing))
    shown = preprocessing(run, collection)
    photographs = _material(run, collection, task, shown, processes, console)
    source = f"trained from {run.weights or 'random weights'} on {collection.name}"
    description = Description(run.task, task.state(), run.architecture, shown, source, run)
    network = _network(run, task, processes)
    learner = _learner(run, network, photographs, processes)
    progress = _begin(run, learner, photographs, resumed=resumed)
    if processes.leads:
        _describe(run, collection, description, network, photographs, console)
    return _Job(run, processes, task, photographs, description, learner, progress)


def _material(run: Run, collection: Collection, task: Task, shown: Any, processes: Group, console: Console) -> Material:
    """The first process fills the cache, the others find it there."""
    found: Material | None = None
    if processes.leads:
        found = material(
            run, collection, task, shown, counting=lambda words, total: counting(console, words, total=total)
        )
    processes.agree(None)
    return found or material(
        run, collection, task, shown, counting=lambda words, total: nullcontext(lambda count: None)
    )


def _network(run: Run, task: Task, processes: Group) -> Network:
    network = Network(plan(run.architecture, task), dropout=run.architecture.dropout)
    torch.manual_seed(run.seed)
    initialise(network)
    if run.weights:
        starting_weights(network, Path(run.weights), architecture=run.architecture, task=task)
    network.to(device=processes.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _learner(run: Run, network: Network, photographs: Material, processes: Group) -> Learner:
    settings = run.optimisation
    steps = run.epochs * Pace(photographs.train.count, run.batch, run.epochs, run.seed).steps
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1 - fitting_decay(settings.norm_decay, steps=steps)
    average = Average(network, decay=fitting_decay(settings.ema, steps=steps))
    learning = synchronised(network, world=processes.share.world)
    return Learner(learning, average, optimiser(learning, settings))


def _begin(run: Run, learner: Learner, photographs: Material, *, resumed: bool) -> Progress:
    if not resumed or not (run.out / STATE).exists():
        return Progress(data=photographs.digest)
    progress = restore_state(run.out, learner)
    if progress.data != photographs.digest:
        raise UsageError(f"{run.data}: the photographs changed since the run in {run.out} began: start a new one")
    return progress


def _describe(
    run: Run,
    collection: Collection,
    description: Description,
    network: Network,
    photographs: Material,
    console: Console,
) -> None:
    """Write down what is being done, and say it."""
    write_description(run.out, description)
    write_split(run.out / SPLIT, collection)
    price = cost(network.layers)
    console.print(
        f"{description.network} for {run.task}: {price.mult_adds / 1e6:,.1f} M mult-adds, {price.params:,} params\n"
        f"{collection.name}: {photographs.train.count:,} photographs to learn from, {photographs.val.count:,} held out",
        highlight=False,
    )
    for note in photographs.notes:
        console.print(f"note: {note}", highlight=False)


@contextmanager
def _watching(job: _Job, console: Console) -> Iterator[Watcher]:
    if not job.group.leads:
        yield Silent()
        return
    run = job.run
    with Display(console, folder=run.out, epochs=run.epochs, tensorboard=run.tensorboard) as display:
        yield display


def _finish(job: _Job, *, seconds: float) -> Trained:
    """Score the last weights once more for the report; only the first process writes."""
    run, history = job.run, job.progress.history
    evaluation = job.evaluate()
    scores: dict[str, float] = {}
    if evaluation is not None:
        job.save(job.progress)
        scores = dict(evaluation.evaluated.scores.figures)
        layers = plan(run.architecture, job.task)
        page = run_page(run, job.task, job.description, layers, evaluation, history, notes=job.material.notes)
        write_text_whole(run.out / REPORT, page)
    return Trained(run.out, True, job.progress.epoch, scores, history, seconds)
