"""Coordinates as people write them, and which of them are places."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.wording import counted

LATITUDE_COLUMNS = ("lat", "latitude")
LONGITUDE_COLUMNS = ("lon", "lng", "long", "longitude")

_MOST_NORTH, _MOST_EAST = 90.0, 180.0
_NOTHING = frozenset({"", "-", "na", "n/a", "nan", "null", "none"})


@dataclass(frozen=True, slots=True)
class Sifted:
    """The coordinates that are places, and what became of the others.

    `places` (K, 2) are latitude and longitude in degrees of the rows `rows` (K,); `missing` rows have none, `zero` have
    (0, 0) and are left out for it, `bad` rows have coordinates that cannot be, by row with the reason.
    """

    places: NDArray[np.float64]
    rows: NDArray[np.int64]
    missing: int
    zero: int
    bad: dict[int, str]

    def notes(self, what: str = "photograph", *, remedy: str = "") -> tuple[str, ...]:
        """What must be said of those that were left out; `remedy` for (0, 0) meant as a place."""
        said = (
            (self.missing, f"{counted(self.missing, what)} left out: no coordinates"),
            (self.zero, f"{counted(self.zero, what)} left out: (0, 0) is what is written for no coordinates{remedy}"),
        )
        return tuple(note for count, note in said if count)


def sift(latitudes: Sequence[str], longitudes: Sequence[str], *, keep_zero: bool = False) -> Sifted:
    """Decimal degrees as text, with a point or a comma, to places.

    (0, 0), in the sea off Africa, is what cameras and tables hold for want of a place: it counts as missing unless
    `keep_zero`.
    """
    bad: dict[int, str] = {}
    latitude, longitude = _numbers(latitudes, "latitude", bad), _numbers(longitudes, "longitude", bad)
    known = ~np.isnan(latitude) & ~np.isnan(longitude)
    outside = known & ((np.abs(latitude) > _MOST_NORTH) | (np.abs(longitude) > _MOST_EAST))
    for row in np.flatnonzero(outside).tolist():
        bad[row] = _why(float(latitude[row]), float(longitude[row]))
    zero = known & (latitude == 0) & (longitude == 0) & (not keep_zero)
    kept = np.flatnonzero(known & ~outside & ~zero)
    return Sifted(
        places=np.stack([latitude[kept], longitude[kept]], axis=-1),
        rows=kept,
        missing=int((~known).sum()) - sum(not known[row] for row in bad),
        zero=int(zero.sum()),
        bad=bad,
    )


def _numbers(texts: Sequence[str], name: str, bad: dict[int, str]) -> NDArray[np.float64]:
    """The numbers (N,), NaN where there is none; what is neither number nor nothing goes to `bad`."""
    try:
        return np.array(list(map(float, texts)), dtype=np.float64)
    except ValueError:
        values = np.full(len(texts), np.nan)
    for row, text in enumerate(texts):
        written = text.strip()
        if written.lower() in _NOTHING:
            continue
        try:
            values[row] = float(written.replace(",", ".") if "." not in written else written)
        except ValueError:
            bad.setdefault(row, f"{name} {written!r} is no number of degrees")
    return values


def _why(latitude: float, longitude: float) -> str:
    if abs(latitude) > _MOST_NORTH:
        swapped = abs(latitude) <= _MOST_EAST and abs(longitude) <= _MOST_NORTH
        hint = "; are the columns swapped?" if swapped else ""
        return f"latitude {latitude:g} is outside -90 to 90{hint}"
    return f"longitude {longitude:g} is outside -180 to 180"
