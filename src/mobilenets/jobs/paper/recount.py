"""Everything recomputed, before it is written."""

from dataclasses import dataclass

from mobilenets.jobs.paper.entry import Entry, Table
from mobilenets.jobs.paper.tables import TABLES
from mobilenets.jobs.paper.tradeoff import JUMP_WIDTH, Fit, Network, fit, networks


@dataclass(frozen=True, slots=True)
class Recount:
    """The recomputed tables, and what Figures 4 and 5 show.

    `every` is the log-linear fit over all 16 networks, `wide` that over those wider than 0.25, at which the paper
    sees a jump.
    """

    tables: tuple[Table, ...]
    networks: tuple[Network, ...]
    every: Fit
    wide: Fit

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every figure and word of the tables that can be counted."""
        return tuple(entry for table in self.tables for entry in table.entries if entry.counted is not None)

    @property
    def agreeing(self) -> int:
        """How many of `entries` come out as printed."""
        return sum(entry.agrees for entry in self.entries)

    @property
    def quoted(self) -> int:
        """How many entries of the tables cannot be counted."""
        return sum(entry.counted is None for table in self.tables for entry in table.entries)


def recount() -> Recount:
    """Count the tables and fit the line; writes and draws nothing."""
    points = networks()
    return Recount(
        tables=tuple(table() for table in TABLES),
        networks=points,
        every=fit(points),
        wide=fit([point for point in points if point.width > JUMP_WIDTH]),
    )
