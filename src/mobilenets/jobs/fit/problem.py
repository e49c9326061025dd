"""What a fit chooses from: the photographs' task, the candidates, and what measures them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mobilenets.architecture.cost import Precision
from mobilenets.data.photos import Collection
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.int8.protocol import Quantises
from mobilenets.deployment.latency.alone.machine import cores, machine
from mobilenets.deployment.runtimes.protocol import Runtime, check_can_export
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.jobs.fit.candidates import RESOLUTIONS, WIDTHS, Priced, priced, usual_resolutions
from mobilenets.jobs.fit.measuring import import_figures
from mobilenets.jobs.fit.probe import Prober
from mobilenets.jobs.fit.settings import THIS, FitSettings
from mobilenets.jobs.fit.sources import Sources, find_sources
from mobilenets.jobs.int8.quantise import check_quantises
from mobilenets.jobs.material import divided, preprocessing, val_split
from mobilenets.run import Architecture, Run
from mobilenets.tasks.parts import Resolves
from mobilenets.tasks.protocol import Task, TaskSettings
from mobilenets.tasks.registry import task_named

_USUAL_THREADS = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """The photographs with their task, every candidate with its price, and where each width's weights come from."""

    collection: Collection
    task: Task
    runtime: Runtime
    threads: int
    priced: Sequence[Priced]
    sources: Sources
    prober: Prober

    @property
    def learnt(self) -> int:
        """Photographs to learn from."""
        return len(self.collection.part("train"))

    @property
    def scored(self) -> int:
        """Photographs held out."""
        return len(self.collection.part(val_split(self.collection)))


def pose(settings: FitSettings) -> Problem:
    """Look at what was asked for. Raises `UsageError` for anything that cannot be, before time goes into it."""
    settings.budget.check()
    runtime = runtime_named(settings.runtime)
    check_can_export(runtime)
    run = _run(settings)
    collection = divided(run)
    task = task_named(settings.task).learn(collection, settings=TaskSettings())
    among = task.resolutions if isinstance(task, Resolves) else RESOLUTIONS
    widths, resolutions = settings.widths or WIDTHS, settings.resolutions or usual_resolutions(collection, among=among)
    sources = find_sources(settings.weights, widths=widths, resolution=max(resolutions))
    threads = settings.threads or min(cores(), _USUAL_THREADS)
    every = priced(
        sources.bases, task, widths=widths, resolutions=resolutions, precisions=_precisions(settings, runtime)
    )
    if settings.device != THIS:
        # A precision that the other device was not asked about cannot be chosen.
        figures = import_figures(Path(settings.device), every, runtime=runtime.name, threads=threads)
        known = {one.candidate.precision for one in every if one.title in figures}
        every = [one for one in every if one.candidate.precision in known]
    prober = Prober(task, runtime, threads, machine(), partial(_shown, run, collection, task))
    return Problem(collection, task, runtime, threads, every, sources, prober)


def _run(settings: FitSettings) -> Run:
    """As much of a run as says how photographs are opened, divided and shown."""
    return Run(
        data=settings.data,
        out=settings.out,
        task=settings.task,
        seed=settings.seed,
        val_fraction=settings.val_fraction,
    )


def _precisions(settings: FitSettings, runtime: Runtime) -> tuple[Precision, ...]:
    if settings.precision == "int8":
        check_quantises(runtime)
        return ("int8",)
    if settings.precision == "auto" and isinstance(runtime, Quantises):
        return ("float32", "int8")
    return ("float32",)


def _shown(run: Run, collection: Collection, task: Task, resolution: int) -> Preprocessing:
    shown = Run(data=run.data, out=run.out, task=run.task, architecture=Architecture(resolution=resolution))
    return preprocessing(shown, collection, task)
