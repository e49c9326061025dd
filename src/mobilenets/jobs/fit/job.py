"""The whole of a fit, step after step; each is saved, so that a killed one goes on from the last."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.fit.budget import Figure, Limited, binding
from mobilenets.jobs.fit.candidates import Priced
from mobilenets.jobs.fit.folder import make_folder
from mobilenets.jobs.fit.learning import Arm, School, choose_arms
from mobilenets.jobs.fit.measuring import completed, import_figures, measure_border
from mobilenets.jobs.fit.pace import epoch_seconds
from mobilenets.jobs.fit.problem import Problem, pose
from mobilenets.jobs.fit.report import TABLE, write_pages
from mobilenets.jobs.fit.rows import Row, rows_of, write_table
from mobilenets.jobs.fit.settings import AUTO, NONE, THIS, FitSettings
from mobilenets.jobs.fit.shipping import ARTEFACT, Shipped, Shipping
from mobilenets.jobs.fit.state import State, Training, read_state
from mobilenets.jobs.fit.table import Table, tabulate
from mobilenets.jobs.memory import keep_memory
from mobilenets.training.watch import counting

# The share of the time that is kept for making, scoring and measuring the file, in seconds at least and at most.
_RESERVE, _LEAST, _MOST = 0.15, 20.0, 180.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a fit came to. `artefact` is the file's folder and `network` what it holds; `score` is that of the file.

    `figures` are measured on the file, or imported; `rows` are all candidates. A dry run has no artefact and no score.
    """

    folder: Path
    artefact: Path | None
    network: str | None
    headline: str | None
    score: float | None
    photographs: int | None
    figures: Mapping[Limited, Figure]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    seconds: float


def fit(
    settings: FitSettings, *, overwrite: bool = False, dry_run: bool = False, console: Console | None = None
) -> Fitted:
    """From photographs and a budget to an artefact that keeps the budget, in `settings.out`.

    Every combination of width, resolution and precision is priced; latency, memory and file size are measured on
    files with random weights, and those on the border of the budget decide. The networks on it learn by successive
    halving in the time given, from published weights where there are any, and from the largest candidate where that
    does not fit itself. The best is exported, scored as a file and measured against every limit; where it keeps one
    no longer, the next is tried. `dry_run` ends with the table of candidates.

    Leaves the artefact, `report.html`, `tradeoff.png`, `candidates.csv`, `latency.json` and the trainings. Raises
    `UsageError` for a request that cannot be, `JobError` where no candidate fits (naming the limit that binds and the
    nearest budget that would do), where no file does, and where a training fails.
    """
    settings = replace(settings, out=Path(settings.out))
    keep_memory()
    problem = pose(settings)
    make_folder(settings, overwrite=overwrite)
    state = State(settings.out, settings)
    return _Fit(state, problem, console or Console(stderr=True)).run(dry_run=dry_run)


def resume_fit(folder: str | Path, *, minutes: float | None = None, console: Console | None = None) -> Fitted:
    """Go on with the fit in a folder from its last step; `minutes` changes the time it has in all.

    Raises `UsageError` where there is none.
    """
    state = read_state(Path(folder))
    settings = replace(state.settings, out=Path(folder))
    state.settings = settings if minutes is None else replace(settings, minutes=minutes)
    keep_memory()
    return _Fit(state, pose(state.settings), console or Console(stderr=True)).run(dry_run=False)


@dataclass(frozen=True, slots=True)
class _Fit:
    state: State
    problem: Problem
    console: Console

    def run(self, *, dry_run: bool) -> Fitted:
        for note in (*self.problem.collection.notes, *self.problem.sources.notes):
            self._note(note)
        table = self._table()
        if not table.fitting():
            self._nothing_fits(table)
        if dry_run:
            return self._done(table, None, {})
        if self.state.result is not None:
            return self._done(table, _shipped(self.state.result), {})
        school = self._school(table)
        self._learn(school, table)
        shipping = Shipping(self.state, self.problem.threads, table.figures, self.console)
        shipped, refused = shipping.first_that_fits(self._ranked(table))
        if shipped is None:
            self._done(table, None, refused)
            why = "; ".join(f"{title}: {reason}" for title, reason in refused.items())
            raise JobError(f"no file keeps the budget ({why}): allow more, or {self._other_remedy(refused)}")
        return self._done(table, shipped, refused)

    def _table(self) -> Table:
        """Every candidate's verdict, from what was measured, now or before, or imported."""
        state, problem, settings = self.state, self.problem, self.state.settings
        if not state.figures:
            if settings.device == THIS:
                measured = measure_border(
                    problem.priced,
                    settings.budget,
                    lambda asked: problem.prober.probe(asked, self.console),
                    pretrained=problem.sources.by_width,
                )
            else:
                measured = import_figures(
                    Path(settings.device), problem.priced, runtime=problem.runtime.name, threads=problem.threads
                )
            state.figures = measured
            state.save()
        table = tabulate(
            problem.priced,
            settings.budget,
            state.figures,
            completed(problem.priced, state.figures),
            pretrained=problem.sources.by_width,
        )
        turned = ", ".join(f"{count} by {name.replace('_', '-')}" for name, count in table.binding().items())
        self._say(
            f"{len(problem.priced)} candidates, {len(table.fitting())} within the budget"
            + (f" (turned away: {turned})" if turned else "")
        )
        return table

    def _nothing_fits(self, table: Table) -> None:
        nearest, excess, flags = table.nearest(self.state.settings.budget)
        self._done(table, None, {})
        raise JobError(
            f"none of the {len(table.priced)} candidates fits: the nearest is {nearest.title} with {excess.words}; "
            f"it would fit {flags}"
        )

    def _school(self, table: Table) -> School:
        """Who learns: the networks on the frontier that there is time for."""
        state = self.state
        frontier = table.frontier()
        arms = {one.title: self._arm(one) for one in frontier}
        if not state.arms:
            with counting(self.console, "timing a step of each", total=len(frontier)) as advance:
                for one in frontier:
                    state.epoch_seconds[one.title] = self._epoch_seconds(one)
                    advance(1)
            state.arms = choose_arms(
                frontier, state.epoch_seconds, seconds=self._learning_seconds(), most=state.settings.arms
            )
            if not state.arms:
                quickest = min(state.epoch_seconds.values())
                state.save()
                raise UsageError(
                    f"minutes {state.settings.minutes:g} are too few: an epoch of the quickest candidate on the "
                    f"frontier takes about {quickest / 60:.1f}; go on with --resume {state.folder} --minutes "
                    f"{self._enough(quickest):.0f}"
                )
            state.save()
        self._say(f"learning: {', '.join(state.arms)}")
        return School(state, arms, self._learning_seconds, self.console)

    def _arm(self, one: Priced) -> Arm:
        sources, width = self.problem.sources, one.candidate.width
        return Arm(one, self.state.settings.task, sources.by_width.get(width), sources.learnt.get(width))

    def _enough(self, quickest: float) -> float:
        return (self.state.elapsed() + 2 * quickest + _MOST) / 60 + 1

    def _epoch_seconds(self, one: Priced) -> float:
        return epoch_seconds(self.problem.prober.layers(one), learnt=self.problem.learnt, scored=self.problem.scored)

    def _learning_seconds(self) -> float:
        minutes = self.state.settings.minutes
        return self.state.left - min(max(_RESERVE * 60 * minutes, _LEAST), _MOST)

    def _learn(self, school: School, table: Table) -> None:
        teacher = self._teacher(school, table)
        school.teach(teacher=teacher)

    def _teacher(self, school: School, table: Table) -> str | None:
        """What is distilled from: what was named, or the largest candidate where it does not fit itself."""
        state, asked = self.state, self.state.settings.teacher
        if state.teacher is None:
            state.teacher = self._auto_teacher(school, table) or "" if asked == AUTO else asked.replace(NONE, "")
            state.save()
        return state.teacher or None

    def _auto_teacher(self, school: School, table: Table) -> str | None:
        arms = [school.arms[name].priced for name in self.state.arms]
        width = max(one.candidate.width for one in table.priced)
        resolution = max(one.candidate.resolution for one in arms)
        largest = next(one for one in table.priced if one.candidate.dials == (width, resolution))
        if any(one.candidate.dials == largest.candidate.dials for one in arms):
            return None
        gives = self._gives(largest)
        if len(gives) > 1 and any(self._gives(one) != gives for one in arms):
            self._say("no teacher: default boxes of another resolution are others")
            return None
        arm = self._arm(largest)
        return school.teach_teacher(arm, epoch_seconds=self._epoch_seconds(largest))

    def _gives(self, one: Priced) -> tuple[int, ...]:
        return self.problem.prober.layers(one)[-1].gives

    def _ranked(self, table: Table) -> list[tuple[Priced, Training]]:
        """Trained networks, the best first."""
        trained = [(one, self.state.last(one.title)) for one in table.frontier()]
        return sorted(
            ((one, training) for one, training in trained if training is not None),
            key=lambda pair: -pair[1].score,
        )

    def _done(self, table: Table, shipped: Shipped | None, refused: Mapping[str, str]) -> Fitted:
        state = self.state
        rows = rows_of(table, state, shipped, refused)
        write_table(state.folder / TABLE, rows)
        headline = state.trainings[-1].headline if state.trainings else ""
        write_pages(
            state, rows, chosen=shipped.title if shipped else None, headline=headline, facts=_facts(table, shipped)
        )
        state.result = None if shipped is None else asdict(shipped)
        state.save()
        return Fitted(
            folder=state.folder,
            artefact=state.folder / ARTEFACT if shipped else None,
            network=shipped.title if shipped else None,
            headline=shipped.headline if shipped else None,
            score=shipped.score if shipped else None,
            photographs=shipped.photographs if shipped else None,
            figures=shipped.figures if shipped else {},
            rows=tuple(rows),
            notes=tuple(state.notes),
            seconds=state.elapsed(),
        )

    def _other_remedy(self, refused: Mapping[str, str]) -> str:
        """What to do where no file ships: let others learn, where what the files took has changed who fits."""
        state = self.state
        if not any(binding(state.figures[title], state.settings.budget) for title in refused if title in state.figures):
            return "another runtime"
        state.arms, state.plans = (), []
        state.save()
        return f"let others learn with --resume {state.folder} --minutes {2 * state.settings.minutes:g}"

    def _note(self, text: str) -> None:
        if self.state.note(text):
            self._say(f"note: {text}")

    def _say(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


def _facts(table: Table, shipped: Shipped | None) -> dict[str, object]:
    """The figures that matter most."""
    if shipped is None:
        return {"candidates": len(table.priced), "within the budget": len(table.fitting())}
    units = {"mult_adds": "M mult-adds", "mb": "MB", "ram_mb": "MB of memory", "ms": "ms"}
    costs = {units[name]: f"{one.value:.4g} ({one.label})" for name, one in shipped.figures.items()}
    score = {f"{shipped.headline.replace('_', ' ')} of the file": f"{shipped.score:.4f}"}
    return {"network": shipped.title, **score, **costs}


def _shipped(result: Mapping[str, Any]) -> Shipped:
    """What shipped, as it was written down."""
    figures = {name: Figure(**one) for name, one in result["figures"].items()}
    return Shipped(**{**result, "figures": figures, "training": Training(**result["training"])})
