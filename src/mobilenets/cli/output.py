"""What verbs print: tables for people, JSON for machines."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

# A pipe has no width: tables are written at their own there, never cut.
_PIPE_WIDTH = 10_000
_NARROW_WORDS = 14


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand to the right."""

    title: str
    number: bool = False


class _Output(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console() -> Console:
    """Standard output as a terminal or a pipe wants it (colours, width)."""
    terminal = sys.stdout.isatty()
    return _Output(width=None if terminal else _PIPE_WIDTH, highlight=False, soft_wrap=not terminal)


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table. In a narrow terminal words break, and no number is ever cut: rather a line is too long."""
    cells = [list(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="bold")
    for place, column in enumerate(columns):
        longest = max(len(text) for text in (column.title, *(row[place] for row in cells)))
        table.add_column(
            column.title,
            justify="right" if column.number else "left",
            min_width=longest if column.number else min(longest, _NARROW_WORDS),
            overflow="fold",
        )
    for row in cells:
        table.add_row(*map(Text, row))
    output = console()
    output.print(table, width=max(output.width, output.measure(table).minimum), crop=False)


def print_line(text: str = "", *, style: str = "") -> None:
    """Print one line of text as it is (no markup)."""
    console().print(Text(text, style=style))


def print_json(value: Any) -> None:
    """Print a value as JSON, the only thing that a verb with --json writes to standard output.

    Takes dataclasses, paths and what JSON has; raises `ValueError` for NaN and infinity, which JSON has not.
    """
    print(json.dumps(value, default=_plain, indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def size_text(size: int) -> str:
    """Bytes as people read them, in decimal units: `16.9 MB`."""
    units = ("bytes", "kB", "MB", "GB", "TB")
    value, place = float(size), 0
    while value >= 999.95 and place + 1 < len(units):  # noqa: PLR2004 (what would be shown as 1000.0)
        value, place = value / 1000, place + 1
    return f"{size} {units[0]}" if place == 0 else f"{value:.1f} {units[place]}"


def million_text(count: int) -> str:
    """A number as people compare it, with four digits that count: `568.7 M`, `15.47 G`."""
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        value = count / unit
        if value >= 0.99995:  # noqa: PLR2004 (what is shown as 1.000)
            return f"{value:#.4g} {name}" if value < 9999.5 else f"{value:.0f} {name}"  # noqa: PLR2004 (the same)
    return str(count)
