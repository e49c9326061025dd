"""The one training loop. It knows no task: it asks the task for its loss and the evaluator for its scores."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from mobilenets.data.examples import Batch
from mobilenets.data.loader import Batches, Pick, load, training_picks
from mobilenets.errors import JobError
from mobilenets.prediction.evaluate import Evaluation
from mobilenets.training.schedule import Schedule
from mobilenets.training.state import Progress
from mobilenets.training.step import Stepper
from mobilenets.training.stop import StopRequest
from mobilenets.training.tally import Tally


class Watcher(Protocol):
    """Who is told how the run goes (the progress bar, metrics.jsonl, TensorBoard)."""

    def step(self, progress: Progress, *, steps: int) -> None: ...

    def epoch(self, history: Sequence[Mapping[str, Any]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is learnt: photographs there are, photographs a step, epochs, and the seed of their order."""

    photographs: int
    batch: int
    epochs: int
    seed: int

    @property
    def size(self) -> int:
        """Photographs a step."""
        return min(self.batch, self.photographs)

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return self.photographs // self.size


@dataclass(frozen=True, slots=True)
class Loop:
    """Runs epochs from wherever `progress` stands, saving through `save` and scoring through `evaluate`."""

    pace: Pace
    stepper: Stepper
    batches: Batches
    schedule: Schedule
    evaluate: Callable[[], Evaluation | None]
    save: Callable[[Progress], None]
    check_missing: Callable[[dict[str, str]], None]
    watcher: Watcher
    save_seconds: float
    workers: int = 0

    def run(self, progress: Progress, stop: StopRequest) -> bool:
        """Learn until the last epoch is done (True) or a stop was asked for and the state is saved (False)."""
        while progress.epoch < self.pace.epochs:
            if not self._epoch(progress, stop):
                self.save(progress)
                return False
            self._close(progress)
            self.save(progress)
        return True

    def _epoch(self, progress: Progress, stop: StopRequest) -> bool:
        tally = Tally(self.stepper.group, self.schedule.settings)
        picks = self._picks(progress)
        saved = begun = time.monotonic()
        self.stepper.forward.train()
        for pick, batch in zip(picks, self._load(picks), strict=True):
            self._step(progress, pick, batch, tally)
            now = time.monotonic()
            progress.seconds += now - begun
            begun = now
            wanted = tally.raised(stop=bool(stop), save=now - saved > self.save_seconds)
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
        )
        return every[progress.step :]

    def _load(self, picks: list[Pick]) -> Iterator[Batch]:
        pin = self.stepper.group.device.type == "cuda"
        return load(self.batches, picks, workers=self.workers, pin=pin)

    def _step(self, progress: Progress, pick: Pick, batch: Batch, tally: Tally) -> None:
        group = self.stepper.group
        number = progress.epoch * self.pace.steps + progress.step
        self._note_missing(progress, pick, batch)
        # Dropout is the network's only random choice; its numbers belong to the step, not to what ran before it.
        torch.manual_seed(_step_seed(self.pace.seed, number=number, rank=group.share.rank))
        result = self.stepper.step(batch.to(group.device), lr=self.schedule.lr(number), whole=self.pace.size)
        tally.add(progress, result)
        progress.step += 1
        self.watcher.step(progress, steps=self.pace.steps)

    def _note_missing(self, progress: Progress, pick: Pick, batch: Batch) -> None:
        if not len(batch):
            raise JobError(f"none of the {len(pick.places)} photographs of a step can be read: check the data set")
        if len(batch) < len(pick.places):
            photos = self.batches.examples.photos
            for place in set(pick.places) - set(batch.places.tolist()):
                progress.missing[photos[place].name] = "cannot be read"
            self.check_missing(progress.missing)

    def _close(self, progress: Progress) -> None:
        """Score the epoch that was just learnt and start the next."""
        count = max(progress.photographs, 1)
        row: dict[str, Any] = {
            "epoch": progress.epoch + 1,
            "lr": self.schedule.lr((progress.epoch + 1) * self.pace.steps - 1),
            "train_loss": progress.loss / count,
            **{f"train_{name}": value / count for name, value in progress.watched.items()},
            "seconds": round(progress.seconds, 3),
            "images_per_second": round(progress.photographs / max(progress.seconds, 1e-9), 1),
        }
        evaluation = self.evaluate()
        if evaluation is not None:
            row["val_loss"] = evaluation.loss
            row |= {f"val_{name}": value for name, value in evaluation.evaluated.scores.figures.items()}
        progress.history.append(row)
        progress.begin_epoch()
        self.watcher.epoch(progress.history)


def _step_seed(seed: int, *, number: int, rank: int) -> int:
    return int(np.random.SeedSequence([seed, number, rank]).generate_state(1, np.uint64)[0])
