"""What a fit leaves for people: one page, and Figure 4 for the photographs at hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mobilenets.files import write_bytes_whole, write_text_whole
from mobilenets.jobs.fit.budget import UNITS, Budget, Figure, Limited
from mobilenets.jobs.fit.rows import Row
from mobilenets.jobs.fit.state import State
from mobilenets.reporting.figures import Drawing, Point, tradeoff
from mobilenets.reporting.page import Page

REPORT, PICTURE, TABLE = "report.html", "tradeoff.png", "candidates.csv"
_AXES: dict[Limited, str] = {
    "mult_adds": "million mult-adds",
    "ms": "milliseconds",
    "mb": "megabytes of the file",
    "ram_mb": "megabytes of memory",
}
_LONGEST_TABLE = 200


def write_pages(
    state: State, rows: Sequence[Row], *, chosen: str | None, headline: str, facts: Mapping[str, object]
) -> None:
    """Write `report.html` and, where something was trained, `tradeoff.png`. Raises `JobError` as files do."""
    drawings = _drawings(rows, state.settings.budget, chosen=chosen, headline=headline)
    write_text_whole(state.folder / REPORT, _page(state, rows, drawings, facts=facts))
    if drawings:
        write_bytes_whole(state.folder / PICTURE, drawings[0].png())


def _drawings(rows: Sequence[Row], budget: Budget, *, chosen: str | None, headline: str) -> list[Drawing]:
    """Accuracy against mult-adds, and against every other cost that is limited."""
    scored = [row for row in rows if row.score is not None]
    costs: list[Limited] = ["mult_adds", *(name for name in budget.limits if name != "mult_adds")]
    return [
        tradeoff(
            points,
            cost=_AXES[name],
            score=f"held-out {headline.replace('_', ' ')}",
            limit=budget.limits.get(name),
            chosen=chosen,
        )
        for name in costs
        if (points := _points(scored, name))
    ]


def _points(rows: Sequence[Row], name: Limited) -> list[Point]:
    return [
        Point(row.title, row.figures[name].value, row.score, f"{row.resolution} px")
        for row in sorted(rows, key=lambda row: -row.resolution)
        if row.score is not None and name in row.figures and row.figures[name].value > 0
    ]


def _page(state: State, rows: Sequence[Row], drawings: Sequence[Drawing], *, facts: Mapping[str, object]) -> str:
    settings = state.settings
    page = Page(f"A network for {Path(settings.data).name}", f"{settings.budget.words}, in {settings.runtime}")
    page.facts(facts)
    for note in state.notes:
        page.notice(note)
    if drawings:
        page.heading("Accuracy against cost")
        words = (
            "Every network that was trained, by its held-out score. A ring marks the one that ships; what lies in the "
            "shaded part is over the limit. They have not learnt for equally long: those that fell behind were stopped."
        )
        page.figure(drawings, words)
    _add_trainings(page, state)
    page.heading("Candidates")
    page.paragraph(_labels())
    shown = sorted(rows, key=lambda row: (row.excess is not None, row.score is None, -(row.score or 0), -row.mult_adds))
    page.table(
        ("network", "M mult-adds", "params", *(UNITS[name] for name in ("ms", "mb", "ram_mb")), "score", "verdict"),
        [_cells(row) for row in shown[:_LONGEST_TABLE]],
        formats={"M mult-adds": ",.1f", "params": ",", "score": ".4f"},
    )
    if len(shown) > _LONGEST_TABLE:
        page.paragraph(f"The other {len(shown) - _LONGEST_TABLE} are in {TABLE}.")
    return page.html()


def _labels() -> str:
    return (
        "Mult-adds and params are counted from the layers. Times, file sizes and memory are of files with random "
        "weights, which cost the same: m measured here, i imported from another device, e estimated from the "
        "measured ones. Memory is what the process took over its runtime with no model. The one that ships has the "
        "figures of its own file."
    )


def _cells(row: Row) -> list[Any]:
    return [
        row.title,
        row.mult_adds / 1e6,
        row.params,
        *(_figure(row.figures.get(name)) for name in ("ms", "mb", "ram_mb")),
        row.score,
        row.verdict,
    ]


def _figure(figure: Figure | None) -> str | None:
    return None if figure is None else f"{figure.value:.4g} {figure.label[0]}"


def _add_trainings(page: Page, state: State) -> None:
    if not state.trainings:
        return
    page.heading("Trainings")
    page.paragraph(
        "Successive halving: all begin, the better half of each round goes on. Every score is that of the held-out "
        "photographs, which also choose: it flatters a little."
    )
    page.table(
        ("network", "round", "epochs", "seconds", "score"),
        [(one.name, str(one.round or "teacher"), one.epochs, one.seconds, one.score) for one in state.trainings],
        formats={"score": ".4f", "seconds": ".0f"},
    )
