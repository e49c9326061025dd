"""The paper recomputed: Tables 1 to 9 counted from the architecture, Figures 4 and 5 drawn."""

from dataclasses import dataclass
from pathlib import Path

from mobilenets.jobs.paper.entry import Table
from mobilenets.jobs.paper.folder import check_folder, replace_folder
from mobilenets.jobs.paper.tables import TABLES
from mobilenets.jobs.paper.tradeoff import JUMP_WIDTH, Fit, Network, fit, networks

__all__ = ["Paper", "paper", "recompute"]


@dataclass(frozen=True, slots=True)
class Paper:
    """The recomputed tables, and what Figures 4 and 5 show.

    `every` is the log-linear fit over all 16 networks, `wide` that over those wider than 0.25, below which the paper
    sees a jump.
    """

    tables: tuple[Table, ...]
    networks: tuple[Network, ...]
    every: Fit
    wide: Fit


def recompute() -> Paper:
    """Count everything; writes and draws nothing."""
    points = networks()
    return Paper(
        tables=tuple(table() for table in TABLES),
        networks=points,
        every=fit(points),
        wide=fit([point for point in points if point.width > JUMP_WIDTH]),
    )


def paper(out: Path | str) -> Paper:
    """Recompute the paper into the folder `out`: `paper.md`, `paper.json`, `figure_4.png`, `figure_5.png`.

    The folder is written whole or not at all; one that this function wrote before is replaced. Raises `UsageError`
    for a folder that holds anything else, and `JobError` where the disk refuses.
    """
    from mobilenets.jobs.paper.document import as_json, as_markdown
    from mobilenets.jobs.paper.figures import figure_4, figure_5

    folder = Path(out)
    check_folder(folder)
    counted = recompute()
    four = figure_4(counted.networks, every=counted.every, wide=counted.wide)
    five = figure_5(counted.networks)
    files = {
        "paper.md": as_markdown(counted, alts=(four.alt, five.alt)).encode(),
        "paper.json": as_json(counted).encode(),
        "figure_4.png": four.png(),
        "figure_5.png": five.png(),
    }
    replace_folder(folder, files)
    return counted
