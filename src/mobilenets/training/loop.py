"""The one training loop. It knows no task: it asks the task for its loss and the evaluator for its scores."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from mobilenets.data.examples import Batch
from mobilenets.data.loader import Batches, Order, Pick, load, training_picks
from mobilenets.errors import JobError
from mobilenets.prediction.evaluate import Evaluation
from mobilenets.training.pace import Pace
from mobilenets.training.schedule import Schedule
from mobilenets.training.state import Progress
from mobilenets.training.step import Stepper, StepResult
from mobilenets.training.stop import StopRequest
from mobilenets.training.tally import NotFiniteError, Tally, Wanted


class Watcher(Protocol):
    """Who is told how the run goes (the progress bar, metrics.jsonl, TensorBoard)."""

    def step(self, progress: Progress, *, steps: int) -> None: ...

    def epoch(self, history: Sequence[Mapping[str, Any]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How learning ended: all epochs `finished`, or stopped and saved. The first process has the last evaluation."""

    finished: bool
    evaluation: Evaluation | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """Runs epochs from wherever `progress` stands, saving through `save` and scoring through `evaluate`.

    `keep` is told of every epoch that was scored, whose weights may be the ones to ship.

    `order` is the task's own, where it has one (see `training_picks`).

    `check_missing` is told of the photographs that could not be read and raises `JobError` where they are too many.
    """

    pace: Pace
    stepper: Stepper
    batches: Batches
    schedule: Schedule
    evaluate: Callable[[Progress], Evaluation | None]
    keep: Callable[[Progress, Evaluation | None], None]
    save: Callable[[Progress], None]
    check_missing: Callable[[Mapping[str, str]], object]
    watcher: Watcher
    save_seconds: float
    workers: int = 0
    order: Order | None = None

    def run(self, progress: Progress, stop: StopRequest) -> Ended:
        """Learn until the last epoch is done, or until a stop was asked for and the state is saved.

        Raises `NotFiniteError` where a loss or weight is not finite and `JobError` where photographs are missing or
        a file cannot be written; what was saved last then stays as it is.
        """
        if progress.epoch >= self.pace.epochs:
            return Ended(True, self.evaluate(progress))
        evaluation = None
        while progress.epoch < self.pace.epochs:
            if not self._epoch(progress, stop):
                self.save(progress)
                return Ended(False)
            evaluation = self._close(progress)
            self.save(progress)
        return Ended(True, evaluation)

    def _epoch(self, progress: Progress, stop: StopRequest) -> bool:
        """Learn from the rest of an epoch; False where a stop was asked for before its end."""
        tally = Tally(self.stepper.group)
        picks = self._picks(progress)
        saved = begun = time.monotonic()
        self.stepper.train()
        for pick, batch in zip(picks, self._load(picks), strict=True):
            result = self._step(progress, pick, batch)
            now = time.monotonic()
            wanted = tally.add(progress, result, Wanted(stop=bool(stop), save=now - saved > self.save_seconds))
            progress.step += 1
            progress.seconds += now - begun
            begun = now
            self.watcher.step(progress, steps=self.pace.steps)
            if wanted.stop or wanted.save:
                tally.settle(progress)
                if wanted.stop:
                    return False
                self.save(progress)
                saved = begun = time.monotonic()
        tally.settle(progress)
        return True

    def _picks(self, progress: Progress) -> list[Pick]:
        every = training_picks(
            self.pace.photographs,
            batch=self.pace.batch,
            seed=self.pace.seed,
            epoch=progress.epoch,
            share=self.stepper.group.share,
            order=self.order,
        )
        return every[progress.step :]

    def _load(self, picks: list[Pick]) -> Iterator[Batch]:
        pin = self.stepper.group.device.type == "cuda"
        return load(self.batches, picks, workers=self.workers, pin=pin)

    def _step(self, progress: Progress, pick: Pick, batch: Batch) -> StepResult:
        group = self.stepper.group
        number = progress.epoch * self.pace.steps + progress.step
        self._note_missing(progress, pick, batch)
        # Dropout, and the boxes that a detector learns from: these numbers belong to the step, not to what ran before.
        torch.manual_seed(_step_seed(self.pace.seed, number=number, rank=group.share.rank))
        return self.stepper.step(batch.to(group.device), rates=self.schedule.rates(number), whole=self.pace.size)

    def _note_missing(self, progress: Progress, pick: Pick, batch: Batch) -> None:
        if len(batch) == len(pick.places):
            return
        photos = self.batches.examples.photos
        lost = sorted(set(pick.places) - set(batch.places.tolist()))
        progress.missing |= {photos[place].name: "cannot be read" for place in lost}
        if len(batch) < self.pace.least:
            raise JobError(
                f"only {len(batch)} of the {len(pick.places)} photographs of a step can be read and it takes "
                f"{self.pace.least} (the first that cannot: {photos[lost[0]].name}): check the data set"
            )
        self.check_missing(progress.missing)

    def _close(self, progress: Progress) -> Evaluation | None:
        """Score the epoch that was just learnt, tell of it, and start the next."""
        evaluation = self.evaluate(progress)
        self.stepper.group.lead(lambda: self._tell(progress, evaluation))
        self.keep(progress, evaluation)
        progress.begin_epoch()
        return evaluation

    def _tell(self, progress: Progress, evaluation: Evaluation | None) -> None:
        progress.history.append(self._row(progress) | held_out(evaluation, epoch=progress.epoch + 1))
        self.watcher.epoch(progress.history)

    def _row(self, progress: Progress) -> dict[str, Any]:
        """One line of metrics.jsonl, as far as learning goes."""
        count = max(progress.photographs, 1)
        return {
            "epoch": progress.epoch + 1,
            "lr": self.schedule.lr((progress.epoch + 1) * self.pace.steps - 1),
            "train_loss": progress.loss / count,
            **{f"train_{name}": value / count for name, value in progress.watched.items()},
            "seconds": round(progress.seconds, 3),
            "images_per_second": round(progress.photographs / max(progress.seconds, 1e-9), 1),
        }


def held_out(evaluation: Evaluation | None, *, epoch: int) -> dict[str, float]:
    """What metrics.jsonl says of the held-out photographs. Raises `NotFiniteError` where their loss is not finite."""
    if evaluation is None:
        return {}
    if not evaluation.finite or evaluation.loss is None:
        raise NotFiniteError(f"the held-out loss is {evaluation.loss} after epoch {epoch}")
    figures = evaluation.evaluated.scores.figures
    return {"val_loss": evaluation.loss, **{f"val_{name}": value for name, value in figures.items()}}


def _step_seed(seed: int, *, number: int, rank: int) -> int:
    return int(np.random.SeedSequence([seed, number, rank]).generate_state(1, np.uint64)[0])
