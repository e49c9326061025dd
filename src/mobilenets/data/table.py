"""Tables of text as people have them: commas, semicolons or tabs, any byte-order mark, always a header."""

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from mobilenets.errors import UsageError
from mobilenets.files import reason

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


def read_table(path: Path, *, exact: bool = False) -> Table:
    """Read a table; the delimiter is the one its header has most of. Empty lines are passed over.

    Blanks around values are dropped; `exact` keeps them, and names of files that are no UTF-8.

    Raises `UsageError` that names the line where a row does not fit the header or the text cannot be read.
    """
    text = _text(path, errors="surrogateescape" if exact else "strict")
    header = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count))
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
        raise UsageError(
            f"{path}, line {line.number}: {len(line.values)} values for {len(columns)} columns; "
            f"quote a value that holds the delimiter"
        )
    values = line.values if exact else [value.strip() for value in line.values]
    return Row(line.number, dict(zip(columns, values, strict=True)))


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
