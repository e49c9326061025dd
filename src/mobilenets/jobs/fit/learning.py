"""Candidates trained by successive halving, each training an ordinary run in a folder of its own."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from mobilenets.checkpoint import RUN, STATE
from mobilenets.jobs.fit.candidates import Priced
from mobilenets.jobs.fit.halving import Planned, affordable, better_half, plan_round, rounds
from mobilenets.jobs.fit.settings import FitSettings
from mobilenets.jobs.fit.state import State, Training
from mobilenets.jobs.train import Trained, resume, train
from mobilenets.recipes import RECIPES, recipe, usual_recipe
from mobilenets.run import Detection, Distillation, Run

TRAININGS = "trainings"
TEACHER = "teacher"
# The share of the time for learning that the teacher gets.
_TEACHER_SHARE = 0.25
# The teacher's part of a student's loss, and the views of each photograph of which it speaks.
_TEACHER_S_WORD, _VIEWS = 0.5, 2


@dataclass(frozen=True, slots=True)
class Arm:
    """A network to train for `task`.

    `weights` is what it starts from, None for random ones, `learnt` the task that these were trained for.
    """

    priced: Priced
    task: str
    weights: str | None
    learnt: str | None

    @property
    def recipe(self) -> str:
        """The recipe of its trainings."""
        return usual_recipe(task=self.task, weights=self.learnt)

    @property
    def most_epochs(self) -> int:
        """The epochs that its recipe is made for: more in one round would only wear the photographs out."""
        return int(RECIPES[self.recipe].get("epochs", Run.epochs))


def run_of(settings: FitSettings, arm: Arm, *, out: Path, epochs: int, start: str | None, teacher: str | None) -> Run:
    """The settings of one training, which starts from `start`: the arm's own weights, or its checkpoint so far."""
    named = recipe(arm.recipe, task=settings.task)
    chosen = {
        "data": settings.data,
        "out": out,
        "task": settings.task,
        "architecture": arm.priced.architecture,
        "weights": start,
        "val_fraction": settings.val_fraction,
        "epochs": epochs,
        "seed": settings.seed,
        "keep": "best",
        "head_first": named.get("head_first", False) and start == arm.weights,
        **_lesson(teacher, named.get("detection", Detection())),
    }
    return Run(**{**named, **chosen})


def _lesson(teacher: str | None, detection: Detection) -> dict[str, Any]:
    """Half from the labels, half from the teacher, who speaks of a few views once: it may cost many students' steps.

    Views that come again are no mosaics.
    """
    if teacher is None:
        return {}
    lesson = Distillation(teacher=teacher, teacher_share=_TEACHER_S_WORD, teacher_views=_VIEWS)
    return {"distillation": lesson, "detection": replace(detection, mosaic=0.0)}


@dataclass(frozen=True, slots=True)
class School:
    """Trains `arms`, by their titles, and keeps count in `state`. `seconds` gives those left for learning by now."""

    state: State
    arms: Mapping[str, Arm]
    seconds: Callable[[], float]
    console: Console

    def teach_teacher(self, arm: Arm, *, epoch_seconds: float) -> str | None:
        """Train the network that the others learn from, in its share of the time; its checkpoint, or None."""
        done = next((one for one in self.state.trainings if one.round == 0), None)
        if done is None:
            epochs = min(int(_TEACHER_SHARE * self.seconds() / epoch_seconds), arm.most_epochs)
            if epochs < 1:
                self._note(
                    f"no teacher: an epoch of {arm.priced.name} takes about {epoch_seconds:.0f} s, more than its share"
                )
                return None
            self.console.print(f"teacher: {arm.priced.name}, {epochs} epochs", highlight=False)
            done = self._train(arm, Planned(TEACHER, epochs), number=0, start=arm.weights, teacher=None)
        return str(self.state.folder / done.folder)

    def teach(self, *, teacher: str | None) -> None:
        """All rounds, from wherever the state stands."""
        state = self.state
        total = rounds(len(state.arms))
        for number in range(1, total + 1):
            if len(state.plans) < number:
                alive = self._alive(number)
                state.plans.append(
                    plan_round(
                        alive,
                        state.epoch_seconds,
                        seconds=self.seconds(),
                        left=total - number + 1,
                        most={name: self.arms[name].most_epochs for name in alive},
                    )
                )
                state.save()
            for planned in state.plans[number - 1]:
                if not self._is_done(planned, number):
                    self._round(planned, number, of=total, teacher=teacher)

    def _alive(self, number: int) -> Sequence[str]:
        if number == 1:
            return self.state.arms
        arms = self.state.arms
        before = {one.name: one.score for one in self.state.trainings if one.round == number - 1 and one.name in arms}
        return better_half(before)

    def _is_done(self, planned: Planned, number: int) -> bool:
        return any((one.name, one.round) == (planned.name, number) for one in self.state.trainings)

    def _round(self, planned: Planned, number: int, *, of: int, teacher: str | None) -> None:
        arm, before = self.arms[planned.name], self.state.last(planned.name)
        start = str(self.state.folder / before.folder) if before else arm.weights
        done = self._train(arm, planned, number=number, start=start, teacher=teacher, before=before)
        self.console.print(
            f"round {number} of {of}: {planned.name}, {planned.epochs} epochs in {done.seconds:.0f} s: "
            f"{done.headline} {done.score:.4f}",
            highlight=False,
        )

    def _train(
        self,
        arm: Arm,
        planned: Planned,
        *,
        number: int,
        start: str | None,
        teacher: str | None,
        before: Training | None = None,
    ) -> Training:
        folder = Path(TRAININGS) / f"{number}-{planned.name.replace(' ', '_')}"
        out = self.state.folder / folder
        run = run_of(self.state.settings, arm, out=out, epochs=planned.epochs, start=start, teacher=teacher)
        trained = self._run(run)
        for note in trained.notes:
            if note != trained.choice:  # each training has one, in its own report
                self.state.note(note)
        done = Training(
            name=planned.name,
            round=number,
            epochs=planned.epochs,
            folder=str(folder),
            seconds=trained.seconds,
            headline=trained.headline,
            score=trained.scores[trained.headline],
        )
        if before and before.score > done.score:
            # Rounds are warm restarts: where one made it worse, the network of the round before goes on and may ship.
            done = replace(before, round=number, epochs=done.epochs, seconds=done.seconds)
        self._learn_pace(planned, trained)
        self.state.trainings.append(done)
        self.state.save()
        # Nothing resumes a training that is done; its state is three times the size of its weights.
        shutil.rmtree((out / STATE).parent, ignore_errors=True)
        return done

    def _run(self, run: Run) -> Trained:
        again = f"mobilenets fit --resume {self.state.folder}"
        quiet = Console(quiet=True)
        if (run.out / RUN).exists():
            return resume(run.out, console=quiet, go_on=again)
        if run.out.exists():
            shutil.rmtree(run.out)
        return train(run, console=quiet, go_on=again)

    def _learn_pace(self, planned: Planned, trained: Trained) -> None:
        """What an epoch really took is truer than the one step that was timed, for the others too."""
        known = self.state.epoch_seconds
        if planned.name not in known:
            return
        taken = trained.seconds / planned.epochs
        seen = {one.name for one in self.state.trainings}
        factor = taken / known[planned.name]
        for name in known:
            if name == planned.name:
                known[name] = taken
            elif name not in seen:
                known[name] *= factor

    def _note(self, text: str) -> None:
        if self.state.note(text):
            self.console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)


def choose_arms(
    frontier: Sequence[Priced], epoch_seconds: Mapping[str, float], *, seconds: float, most: int
) -> tuple[str, ...]:
    """Which networks of the frontier begin, by title: the likeliest that the time allows."""
    ranked = {one.title: epoch_seconds[one.title] for one in frontier}
    return tuple(affordable(ranked, seconds=seconds, most=most))
