"""Tables of text as people have them: commas, semicolons or tabs, any byte-order mark, always a header."""

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenets.errors import UsageError
from mobilenets.files import reason

if TYPE_CHECKING:
    from _csv import Reader

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One row's values by column, without the blanks around them."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table read whole; the names of its columns are in small letters."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Some columns of a table: the values of each, row by row, and the line of each row."""

    values: tuple[list[str], ...]
    lines: list[int]


def read_header(path: Path) -> tuple[str, ...]:
    """The names of a table's columns in small letters, as they stand; nothing else of it is looked at.

    Raises `UsageError` where the file cannot be read.
    """
    return _header(_reader(_text(path, errors="surrogateescape")))


def read_columns(path: Path, wanted: Sequence[Sequence[str]]) -> Columns:
    """The wanted columns of a table that may be long, each under the first of its names that the header has.

    Read as `read_table` reads; a value keeps its blanks. Raises `UsageError` as it does, and for a missing column.
    """
    reader = _reader(_text(path, errors="strict"))
    header = _header(reader)
    names = [next((name for name in some if name in header), None) for some in wanted]
    if None in names:
        needed = "; ".join(" or ".join(some) for some in wanted)
        raise UsageError(f"{path} has the columns {', '.join(header) or '(none)'}: needed are {needed}")
    places = [header.index(name) for name in names if name is not None]
    kept: tuple[list[str], ...] = tuple([] for _ in wanted)
    lines = []
    try:
        for row in reader:
            if len(row) != len(header):
                if any(value.strip() for value in row):
                    raise _misfit(path, reader.line_num, len(row), len(header))
                continue
            lines.append(reader.line_num)
            for values, place in zip(kept, places, strict=True):
                values.append(row[place])
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}") from error
    return Columns(kept, lines)


def read_table(path: Path, *, exact: bool = False) -> Table:
    """Read a table; the delimiter is the one its header has most of. Empty lines are passed over.

    Blanks around values are dropped; `exact` keeps them, and names of files that are no UTF-8.

    Raises `UsageError` that names the line where a row does not fit the header or the text cannot be read.
    """
    reader = _reader(_text(path, errors="surrogateescape" if exact else "strict"))
    try:
        lines = [_Line(reader.line_num, values) for values in reader if any(value.strip() for value in values)]
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}") from error
    if not lines:
        raise UsageError(f"{path} is empty: a header and one row a photograph are needed")
    columns = tuple(value.strip().lower() for value in lines[0].values)
    repeated = next((name for name in columns if columns.count(name) > 1), None)
    if repeated is not None:
        raise UsageError(f"{path} has two columns called {repeated!r}: rename one")
    return Table(columns, tuple(_row(path, columns, line, exact=exact) for line in lines[1:]))


@dataclass(frozen=True, slots=True)
class _Line:
    """The values of one line before they have columns."""

    number: int
    values: list[str]


def _row(path: Path, columns: tuple[str, ...], line: _Line, *, exact: bool) -> Row:
    if len(line.values) != len(columns):
        raise _misfit(path, line.number, len(line.values), len(columns))
    values = line.values if exact else [value.strip() for value in line.values]
    return Row(line.number, dict(zip(columns, values, strict=True)))


def _header(reader: "Reader") -> tuple[str, ...]:
    first = next((line for line in reader if any(value.strip() for value in line)), [])
    return tuple(value.strip().lower() for value in first)


def _misfit(path: Path, line: int, values: int, columns: int) -> UsageError:
    return UsageError(
        f"{path}, line {line}: {values} values for {columns} columns; quote a value that holds the delimiter"
    )


def _reader(text: str) -> "Reader":
    header = text.lstrip("\r\n").partition("\n")[0]
    return csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count))


def _text(path: Path, *, errors: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {reason(error)}") from error
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig", errors)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: not UTF-8 text; save it as CSV UTF-8") from error
