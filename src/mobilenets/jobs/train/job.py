"""Everything of a run, put together: what the loop asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mobilenets.checkpoint import MODEL, Description, write_tensors
from mobilenets.data.examples import Examples
from mobilenets.data.loader import Batches, Order, evaluation_picks, load
from mobilenets.data.shapes import Centre
from mobilenets.jobs.material import Material, Part
from mobilenets.jobs.start import Placed
from mobilenets.network.fold import fold
from mobilenets.prediction.evaluate import Evaluation, Gathered, evaluate, gather
from mobilenets.prediction.model import Model
from mobilenets.run import Run
from mobilenets.tasks.distillation import Distilled
from mobilenets.tasks.parts import OrdersPhotographs, Settles
from mobilenets.tasks.protocol import Task
from mobilenets.tasks.taught import Taught
from mobilenets.training.best import Row, best, called
from mobilenets.training.distributed import Group
from mobilenets.training.loop import Loop, Watcher
from mobilenets.training.pace import Pace
from mobilenets.training.probe import Shaped
from mobilenets.training.schedule import Schedule
from mobilenets.training.state import Learner, Progress, save_state
from mobilenets.training.step import Stepper
from mobilenets.training.tally import NotFiniteError

_SCORED_AT_LEAST = 64
_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Job:
    """A run with its processes, photographs, network and place.

    `task` is what is learnt, `judge` scores it as its checkpoint will be scored. `placed` says what its starting
    weights leave to do before the first step; None where that is done.
    """

    run: Run
    group: Group
    task: Task
    judge: Task
    material: Material
    pace: Pace
    description: Description
    learner: Learner
    progress: Progress
    placed: Placed | None = None

    def loop(self, watcher: Watcher) -> Loop:
        """The loop that learns, from where `progress` stands."""
        run = self.run
        return Loop(
            pace=self.pace,
            stepper=self._stepper(),
            batches=self.batches(self.material.train, learning=True),
            schedule=Schedule(run.optimisation, run.epochs, self.pace.steps),
            evaluate=self.evaluate,
            keep=self.keep,
            save=self.save,
            check_missing=self.material.check_missing,
            watcher=watcher,
            save_seconds=run.save_minutes * 60,
            workers=self.workers,
            order=self._order,
        )

    @property
    def _order(self) -> Order | None:
        task, examples = self.task, self.material.train.examples
        if isinstance(task, Distilled) and task.labelled and task.share < 1:
            # Labels speak too, and what they say may be of photographs beside each other.
            task, examples = task.inner, examples.whole if isinstance(examples, Taught) else examples
        if not isinstance(task, OrdersPhotographs):
            return None
        return partial(_ordered, task, examples, self.pace.size)

    def evaluate(self, progress: Progress) -> Evaluation | None:
        """Score the average on the held-out photographs, spread over the processes; the first one has the result."""
        return self._evaluate(progress, self.learner.average.network)

    def evaluate_shipped(self, progress: Progress, last: Evaluation | None) -> Evaluation | None:
        """The evaluation of what ships: the `last` one, unless an earlier epoch is kept."""
        if self.learner.kept is None or self.group.agree(last is None or self._chosen(last) == progress.history[-1]):
            return last
        return self._evaluate(progress, self.learner.kept)

    def keep(self, progress: Progress, evaluation: Evaluation | None) -> None:
        """Keep the weights of the epoch just scored, where the best ones ship and none before were better."""
        kept = self.learner.kept
        if kept is None:
            return
        # Only the first process has the evaluation and the history.
        if self.group.agree(evaluation is not None and self._chosen(evaluation) is progress.history[-1]):
            kept.load_state_dict(self.learner.average.network.state_dict())

    def _chosen(self, evaluation: Evaluation) -> Row:
        return best(self.progress.history, evaluation.evaluated.scores.headline)

    def _evaluate(self, progress: Progress, network: nn.Module) -> Evaluation | None:
        """Score a network on the held-out photographs."""
        task = self.judge
        part = self.material.val
        picks = evaluation_picks(part.count, batch=max(self.run.batch, _SCORED_AT_LEAST), share=self.group.share)
        batches = load(self.batches(part, learning=False), picks, workers=self.workers)
        model = Model(fold(network), task, self.description.preprocessing, self.group.device)
        mine = gather(model, task, batches, device=self.group.device)
        missing = self.group.gather(progress.missing)
        gathered = self.group.gather(mine)
        return self.group.lead(lambda: self._scored(task, progress, gathered, missing))

    def _scored(
        self, task: Task, progress: Progress, gathered: Sequence[Gathered], missing: Sequence[dict[str, str]]
    ) -> Evaluation:
        whole = Gathered()
        for one in gathered:
            whole.merge(one)
        for lost in missing:
            progress.missing |= lost
        photos = self.material.val.examples.photos
        lost_places = set(range(len(photos))) - set(whole.answers)
        progress.missing |= {photos[place].name: "cannot be read" for place in sorted(lost_places)}
        self.material.check_missing(progress.missing)
        return evaluate(task, self.material.val.examples, whole)

    def save(self, progress: Progress) -> None:
        """Write the checkpoint and the state; raises `NotFiniteError` and leaves them where a weight is not finite."""
        self.group.lead(lambda: self._write(progress))

    def _write(self, progress: Progress) -> None:
        if not self.learner.is_finite():
            done = f"step {progress.step} of epoch {progress.epoch + 1}" if progress.step else f"epoch {progress.epoch}"
            raise NotFiniteError(f"the weights are not finite after {done}")
        kept = self.learner.kept if progress.history else None
        shipped = kept or self.learner.average.network
        write_tensors(self.run.out / MODEL, shipped.state_dict(), {})
        save_state(self.run.out, self.learner, progress)

    def settled(self, evaluation: Evaluation) -> Description:
        """The description with what only the answers on the held-out photographs tell the task."""
        task = self.task.inner if isinstance(self.task, Distilled) else self.task
        if isinstance(self.judge, Distilled) or not isinstance(task, Settles):
            return self.description  # without labels the answers tell nothing
        return replace(self.description, task_state=task.settle(evaluation.evaluated).state())

    def notes(self, evaluation: Evaluation) -> tuple[str, ...]:
        """What the user has to know: of data and weights, of what ships and its scores, of what could not be read."""
        lost = self.material.check_missing(self.progress.missing)
        ends = (self.choice(evaluation), *evaluation.evaluated.scores.notes, lost)
        return (*self.material.notes, *self.progress.notes, *(note for note in ends if note))

    def choice(self, evaluation: Evaluation) -> str | None:
        """Which epoch ships, and by what it was chosen."""
        if self.learner.kept is None or not self.progress.history:
            return None
        headline = evaluation.evaluated.scores.headline
        row, last = self._chosen(evaluation), self.progress.history[-1]
        return (
            f"{called(row)} ships: its held-out {headline} {row[f'val_{headline}']:.4f} was the best of "
            f"{len(self.progress.history)} (the last: {last[f'val_{headline}']:.4f}); chosen by that score, it "
            "flatters a little"
        )

    def _stepper(self) -> Stepper:
        run = self.run
        network = self.group.parallel(self.learner.network)
        return Stepper(
            learner=self.learner,
            forward=torch.compile(network) if run.machine.compile else network,  # type: ignore[arg-type]
            task=self.task,
            preprocessing=self.description.preprocessing,
            group=self.group,
            precision=precision_of(run, self.group.device),
            accumulate=run.accumulate,
            clip=run.optimisation.clip,
            freeze_norm=run.optimisation.freeze_norm,
        )

    @property
    def workers(self) -> int:
        """On a GPU, processes prepare the photographs; on a CPU the step's own threads do, between two steps."""
        if self.run.machine.workers or self.group.device.type == "cpu":
            return self.run.machine.workers
        return min(_MOST_WORKERS, torch.get_num_threads())

    def batches(self, part: Part, *, learning: bool) -> Batches:
        """Batches of one part: random views for learning, or the photographs as they stand."""
        return Batches(
            part.examples,
            part.pixels,
            resolution=self.description.preprocessing.resolution,
            distortion=self.material.distortion if learning else None,
            seed=self.run.seed,
            threads=1 if self.workers else torch.get_num_threads(),
            views=self.run.distillation.teacher_views,
        )

    @property
    def central(self) -> Part:
        """The training photographs as evaluation shows them."""
        part = self.material.train
        return Part(part.examples, Shaped(part.pixels, Centre(self.description.preprocessing)))


def precision_of(run: Run, device: torch.device) -> torch.dtype:
    """What networks of a run compute in, besides where they need more."""
    asked, on_gpu = run.machine.precision, device.type == "cuda"
    return torch.bfloat16 if asked == "bfloat16" or (asked == "auto" and on_gpu) else torch.float32


def _ordered(task: OrdersPhotographs, examples: Examples, batch: int, random: np.random.Generator) -> NDArray[np.int64]:
    return task.order(examples, batch=batch, random=random)
