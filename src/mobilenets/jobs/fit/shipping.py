"""The best network as a file: exported, quantised if that is what fits, evaluated and measured against every limit."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.console import Console

from mobilenets.deployment.artefact import Artefact
from mobilenets.errors import JobError
from mobilenets.jobs.benchmark import benchmark
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.export import export
from mobilenets.jobs.fit.budget import Budget, Figure, binding
from mobilenets.jobs.fit.candidates import MEGA, Priced
from mobilenets.jobs.fit.measuring import Figures
from mobilenets.jobs.fit.settings import THIS, FitSettings
from mobilenets.jobs.fit.state import State, Training
from mobilenets.jobs.int8.quantise import Int8Settings

ARTEFACT, DEVICE = "artefact", "latency.json"
_TRIED = "tried"
# A median over the limit is measured once more, for longer, before a file is turned away.
_SECONDS = (2.0, 6.0)
_QAT_SHARE, _QAT_MOST = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Shipped:
    """The file that ships: its figures, and its own score on the held-out photographs."""

    title: str
    figures: Figures
    headline: str
    score: float
    photographs: int
    training: Training


@dataclass(frozen=True, slots=True)
class Shipping:
    """Turns checkpoints into files. `figures` are the candidates' own, by title."""

    state: State
    threads: int
    figures: Mapping[str, Figures]
    console: Console

    @property
    def settings(self) -> FitSettings:
        return self.state.settings

    def first_that_fits(self, ranked: Iterable[tuple[Priced, Training]]) -> tuple[Shipped | None, dict[str, str]]:
        """Put the first file that keeps every limit in place; with it why those before it did not, by title."""
        refused: dict[str, str] = {}
        try:
            for one, training in ranked:
                shipped = self._tried(one, training)
                if isinstance(shipped, Shipped):
                    return shipped, refused
                refused[one.title] = shipped
                self.console.print(f"{one.title} does not ship: {shipped}", highlight=False, markup=False)
            return None, refused
        finally:
            shutil.rmtree(self.state.folder / _TRIED, ignore_errors=True)

    def _tried(self, one: Priced, training: Training) -> Shipped | str:
        """The file, or why it cannot ship."""
        self.console.print(f"making the file of {one.title}", highlight=False)
        try:
            artefact = self._export(one, training)
        except JobError as error:
            return str(error)
        report = evaluate(self.settings.data, model=artefact.folder, console=self.console)
        figures = self._measured(one, artefact, self.settings.budget)
        over = binding(figures, self.settings.budget)
        if over is not None:
            # What the file itself takes is truer than what one with random weights took: it decides from now on.
            self.state.figures[one.title] = figures
            return over.words
        place = self.state.folder / ARTEFACT
        shutil.rmtree(place, ignore_errors=True)
        artefact.folder.rename(place)
        return Shipped(
            title=one.title,
            figures=figures,
            headline=training.headline,
            score=report.scores[training.headline],
            photographs=report.photographs,
            training=training,
        )

    def _export(self, one: Priced, training: Training) -> Artefact:
        int8 = one.candidate.precision == "int8"
        minutes = min(_QAT_SHARE * self.settings.minutes, _QAT_MOST)
        return export(
            self.state.folder / training.folder,
            out=self.state.folder / _TRIED / ARTEFACT,
            runtime=self.settings.runtime,
            batch=1,
            data=self.settings.data if int8 else None,
            precision=one.candidate.precision,
            int8=Int8Settings(max_drop=self.settings.max_drop, qat_minutes=minutes, seed=self.settings.seed)
            if int8
            else None,
            overwrite=True,
            console=self.console,
        )

    def _measured(self, one: Priced, artefact: Artefact, budget: Budget) -> Figures:
        """Of the file itself; what only another device can tell is what was imported from it."""
        figures: Figures = {
            "mult_adds": one.floors["mult_adds"],
            "mb": Figure(artefact.report.size / MEGA, "measured"),
        }
        if self.settings.device != THIS:
            return {**self.figures[one.title], **figures}
        for seconds in _SECONDS:
            figures |= self._timed(artefact, seconds=seconds)
            if binding(figures, budget) is None:
                break
        return figures

    def _timed(self, artefact: Artefact, *, seconds: float) -> Figures:
        device = benchmark([artefact.folder], threads=(self.threads,), seconds=seconds, console=self.console)
        device.write(self.state.folder / DEVICE)
        found = device.measurements[0]
        figures: Figures = {"ms": Figure(found.median_ms, "measured")}
        if found.peak_memory is not None and found.idle_memory is not None:
            figures["ram_mb"] = Figure(max(found.peak_memory - found.idle_memory, 0) / MEGA, "measured")
        return figures
