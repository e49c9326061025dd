"""Each candidate as a row: what it costs, how good it is, what became of it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mobilenets.files import write_text_whole
from mobilenets.jobs.fit.budget import Excess, Figure, Limited
from mobilenets.jobs.fit.candidates import Priced
from mobilenets.jobs.fit.shipping import Shipped
from mobilenets.jobs.fit.state import State
from mobilenets.jobs.fit.table import Table

_COSTS: tuple[Limited, ...] = ("ms", "mb", "ram_mb")


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate. `score` is that of its file where it ships, of its latest checkpoint where it was trained."""

    title: str
    width: float
    resolution: int
    precision: str
    mult_adds: int
    params: int
    figures: Mapping[Limited, Figure]
    score: float | None
    excess: Excess | None
    verdict: str


def rows_of(table: Table, state: State, shipped: Shipped | None, refused: Mapping[str, str]) -> list[Row]:
    """All candidates, in the table's order."""
    arms, frontier = set(state.arms), {one.title for one in table.frontier()}
    return [_row(one, table, state, shipped, refused, arms=arms, frontier=frontier) for one in table.priced]


def _row(
    one: Priced,
    table: Table,
    state: State,
    shipped: Shipped | None,
    refused: Mapping[str, str],
    *,
    arms: set[str],
    frontier: set[str],
) -> Row:
    trained = state.last(one.title)
    ships = shipped is not None and shipped.title == one.title
    excess = table.excess.get(one.title)
    if excess is not None:
        verdict = excess.words
    elif ships:
        verdict = "ships"
    elif one.title in refused:
        verdict = f"its file does not ship: {refused[one.title]}"
    elif trained is not None:
        verdict = f"fits; learnt until round {trained.round}"
    elif one.title in frontier:
        verdict = "fits; not trained" + (": no time for it" if arms else "")
    else:
        verdict = "fits; a larger one does too"
    return Row(
        title=one.title,
        width=one.candidate.width,
        resolution=one.candidate.resolution,
        precision=one.candidate.precision,
        mult_adds=one.mult_adds,
        params=one.params,
        figures=shipped.figures if shipped is not None and ships else table.figures[one.title],
        score=shipped.score if shipped is not None and ships else (trained.score if trained else None),
        excess=excess,
        verdict=verdict,
    )


def write_table(file: Path, rows: Sequence[Row]) -> None:
    """All rows as CSV, figures with their labels. Raises `JobError` as files do."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    labelled = [column for name in _COSTS for column in (name, f"{name}_label")]
    writer.writerow(
        ("network", "width", "resolution", "precision", "mult_adds", "params", *labelled, "score", "verdict")
    )
    for row in rows:
        figures = [row.figures.get(name) for name in _COSTS]
        cells = [cell for one in figures for cell in ((f"{one.value:.6g}", one.label) if one else ("", ""))]
        score = "" if row.score is None else f"{row.score:.6f}"
        plain = (row.title, f"{row.width:g}", row.resolution, row.precision, row.mult_adds, row.params)
        writer.writerow((*plain, *cells, score, row.verdict))
    write_text_whole(file, stream.getvalue())
