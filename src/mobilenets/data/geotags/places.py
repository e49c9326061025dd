"""Coordinates alone, of as many places as a table has."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.audit import check_bad
from mobilenets.data.geotags.coordinates import LATITUDE_COLUMNS, LONGITUDE_COLUMNS, Sifted, sift
from mobilenets.data.table import read_columns
from mobilenets.errors import UsageError


@dataclass(frozen=True, slots=True)
class PlaceTable:
    """The places (N, 2) of a table in degrees, and what must be said of the rest."""

    places: NDArray[np.float64]
    notes: tuple[str, ...]


def read_places(table: Path, *, keep_zero: bool = False) -> PlaceTable:
    """The places of a CSV or TSV with a column of latitudes and one of longitudes; others are passed over.

    Raises `UsageError` for a table that cannot be understood or has no places, `JobError` where more than 1 % of the
    rows have coordinates that cannot be.
    """
    columns = read_columns(table, (LATITUDE_COLUMNS, LONGITUDE_COLUMNS))
    sifted = sift(*columns.values, keep_zero=keep_zero)
    bad = {f"line {columns.lines[row]}": why for row, why in sifted.bad.items()}
    lost = check_bad(bad, len(columns.lines))
    remedy = "; --keep-zero takes it as a place"
    notes = (*sifted.notes("row", remedy=remedy), *([lost] if lost else []))
    need_places(sifted, str(table), notes)
    return PlaceTable(sifted.places, notes)


def need_places(sifted: Sifted, where: str, notes: tuple[str, ...]) -> None:
    """Raise `UsageError` where nothing is left."""
    if not len(sifted.rows):
        why = f" ({'; '.join(notes)})" if notes else ""
        raise UsageError(f"{where} has no coordinates{why}: latitude and longitude in degrees are needed")
