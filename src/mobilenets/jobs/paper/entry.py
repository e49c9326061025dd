"""One figure of the paper beside our own count of it, and the tables such figures stand in."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

_MILLION = Decimal(1_000_000)
_BILLION = 1000 * _MILLION


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure as printed, and as counted from the architecture.

    `counted` is in the unit of the printed figure; for words it is words, and None is what cannot be counted (an
    accuracy). `step` is the last place that the printed figure states: 10 for 720 where it stands for 715 to 725.
    `explanation` says why the two differ, and is empty where the count rounds to the printed figure.
    """

    published: str
    counted: Decimal | str | None
    step: Decimal | None = None
    explanation: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the count rounds to the printed figure (half a step up), or the words are the same."""
        if not isinstance(self.counted, Decimal):
            return self.counted == self.published
        step = self._step
        return (self.counted / step).quantize(Decimal(1), ROUND_HALF_UP) * step == Decimal(self.published)

    @property
    def _step(self) -> Decimal:
        return self.step or Decimal(1).scaleb(int(Decimal(self.published).as_tuple().exponent))

    @property
    def counted_text(self) -> str:
        """The count with enough places to see how it rounds; empty where nothing can be counted."""
        if not isinstance(self.counted, Decimal):
            return self.counted or ""
        printed = max(0, -int(Decimal(self.published).as_tuple().exponent))
        return f"{self.counted:,.{max(3, printed + 2)}f}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its key in JSON, its title, and whether it is counted, compared as words, or only quoted."""

    key: str
    title: str
    kind: Literal["counted", "words", "quoted"]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, with one entry for each of its columns."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the paper; `note` is a remark of ours on the whole of it."""

    number: int
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All figures of the table."""
        return tuple(entry for row in self.rows for entry in row.entries)


def words(published: str, counted: str | None, *, why: str = "") -> Entry:
    """An entry of words; `why` is the explanation, should they differ."""
    return Entry(published, counted, explanation="" if counted == published else why)


def number(published: str, counted: Decimal, *, step: int | None = None, why: str = "") -> Entry:
    """An entry that is counted, in the unit of `published`; `why` is the explanation, should they differ."""
    entry = Entry(published, counted, None if step is None else Decimal(step))
    return entry if entry.agrees else Entry(entry.published, entry.counted, entry.step, why)


def millions(count: int) -> Decimal:
    """A count in millions, exact to the unit."""
    return Decimal(count) / _MILLION


def billions(count: int) -> Decimal:
    """A count in billions, exact to the unit."""
    return Decimal(count) / _BILLION


def measured(published: str, *, on: str = "ImageNet") -> Entry:
    """An entry that nobody can count: the authors measured it."""
    return Entry(published, None, explanation=f"Measured by the authors on {on}.")
