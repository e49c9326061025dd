"""A partition as a small table: one geocell a line, its token, its photographs, the place that it stands for."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mobilenets.data.table import read_columns
from mobilenets.errors import UsageError
from mobilenets.files import write_whole
from mobilenets.maths.cells import first_leaves, from_tokens, last_leaves, tokens
from mobilenets.maths.partition import Partition

COLUMNS = ("cell", "photographs", "latitude", "longitude")
# Ten metres: finer would say more of where photographs were taken than an answer needs.
_DIGITS = 4

_Row = tuple[str, int, float, float]


def write_cells(path: Path, partition: Partition) -> None:
    """Write a partition as CSV. Raises `JobError` where it cannot be written."""

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(_rows(partition))

    write_whole(path, write)


def read_cells(path: Path) -> Partition:
    """The partition in a file of `mobilenets cells`. Raises `UsageError` for one that is not whole."""
    columns = read_columns(path, tuple((name,) for name in COLUMNS))
    try:
        return _partition(zip(*columns.values, strict=True))
    except ValueError as error:
        raise UsageError(f"{path} is no file of `mobilenets cells`, or was changed ({error}): make it again") from error


def as_state(partition: Partition) -> dict[str, Any]:
    """A partition as JSON data, a list a column."""
    rows = _rows(partition)
    return {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)}


def from_state(state: Mapping[str, Any]) -> Partition:
    """The partition that `as_state` wrote. Raises `ValueError` where it is not one."""
    columns = [state.get(name) for name in COLUMNS]
    if not all(isinstance(column, list) for column in columns):
        raise ValueError(f"{', '.join(COLUMNS)} are not all there")
    return _partition(zip(*columns, strict=True))


def rounded(partition: Partition) -> Partition:
    """The partition as it is written and read again."""
    return _partition(_rows(partition))


def _rows(partition: Partition) -> list[_Row]:
    numbers = zip(tokens(partition.ids), partition.counts.tolist(), partition.places.tolist(), strict=True)
    return [(name, count, _degrees(place[0]), _degrees(place[1])) for name, count, place in numbers]


def _degrees(value: float) -> float:
    return round(value, _DIGITS) + 0.0  # no negative zero


def _partition(rows: Iterable[Sequence[Any]]) -> Partition:
    """Raises `ValueError` for cells that are none, overlap or stand for no place."""
    every = list(rows)
    if not every:
        raise ValueError("it has no cells")
    ids = from_tokens([str(row[0]).strip() for row in every])
    counts = np.array([int(row[1]) for row in every], dtype=np.int64)
    places = np.array([(float(row[2]), float(row[3])) for row in every])
    if (first_leaves(ids)[1:] <= last_leaves(ids)[:-1]).any():
        raise ValueError("its cells overlap or are not in order")
    if not ((np.abs(places) <= (90, 180)).all() and (counts > 0).all()):
        raise ValueError("a cell has no photographs or no place")
    return Partition(ids, counts, places)
