"""A table of a report as HTML."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Real
from typing import TypeGuard

from mobilenets.reporting.text import number, plain

# A number as people write it, with a sign and a unit of a few letters: "98.5 %", "-3.2 ms", "1,234", "1.2e-05".
_NUMBER = re.compile(r"[+\-\u2212±]?\d[\d,.]*(e[+-]?\d+)?(\s?(%|[a-zA-Zµ/]{1,4}))?")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str, formats: Mapping[str, str]) -> str:
    """The element; see `Page.table`."""
    body = [tuple(row) for row in rows]
    _check(columns, body)
    numeric = [_is_numeric([row[place] for row in body]) for place in range(len(columns))]
    head = "".join(_cell("th", text, numeric=right, scope="col") for text, right in zip(columns, numeric, strict=True))
    lines = "\n".join(f"<tr>{_row(columns, row, numeric=numeric, formats=formats)}</tr>" for row in body)
    words = f'<figcaption dir="auto">{escape(plain(caption))}</figcaption>' if caption else ""
    label = escape(plain(caption or ", ".join(columns)))
    return (
        f'<figure class="table">{words}<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table></div></figure>"
    )


def _check(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for place, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise ValueError(f"row {place} has {len(row)} cells, the table has {len(columns)} columns")


def _is_numeric(cells: Sequence[object]) -> bool:
    present = [cell for cell in cells if cell is not None]
    return bool(present) and all(
        _NUMBER.fullmatch(cell) if isinstance(cell, str) else _is_number(cell) for cell in present
    )


def _row(columns: Sequence[str], row: Sequence[object], *, numeric: Sequence[bool], formats: Mapping[str, str]) -> str:
    cells = []
    for place, (column, value, right) in enumerate(zip(columns, row, numeric, strict=True)):
        # The name of a row is its heading for those who hear the table.
        tag = "th" if place == 0 and isinstance(value, str) else "td"
        shown = _formatted(value, formats.get(column))
        cells.append(_cell(tag, shown, numeric=right, scope="row"))
    return "".join(cells)


def _formatted(value: object, form: str | None) -> str:
    if form is None or not _is_number(value) or not math.isfinite(value):
        return number(value)
    return format(value, form).replace("%", "\u202f%")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool)


def _cell(tag: str, text: str, *, numeric: bool, scope: str) -> str:
    attributes = f' scope="{scope}"' if tag == "th" else ""
    attributes += ' class="number"' if numeric else ' dir="auto"'
    return f"<{tag}{attributes}>{escape(plain(text))}</{tag}>"
