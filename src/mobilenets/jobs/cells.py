"""`mobilenets.cells`: the earth divided into geocells by where photographs were taken."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.geotags.cells_file import write_cells
from mobilenets.data.geotags.collection import open_geotagged, places_of
from mobilenets.data.geotags.places import read_places
from mobilenets.errors import UsageError
from mobilenets.files import expanded, write_bytes_whole
from mobilenets.maths.cells import FINEST, leaf_ids, levels
from mobilenets.maths.partition import FEWEST_FOR_MEAN, Partition, partition
from mobilenets.settings import within

_TABLES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class CellsReport:
    """A partition and where it was written.

    `photographs` are those in `cells`, `dropped` those of the `dropped_cells` that have too few, `crowded` the cells
    that hold too many and can be split no more. `levels` counts the cells of each S2 level, `counts` are the fewest,
    the median and the most photographs of a cell.
    """

    file: Path
    map: Path
    cells: int
    photographs: int
    dropped: int
    dropped_cells: int
    crowded: int
    levels: dict[int, int]
    counts: tuple[int, int, int]
    notes: tuple[str, ...]


def cells(
    places: str | Path,
    *,
    out: str | Path,
    most: int = 10_000,
    fewest: int = 50,
    finest: int = FINEST,
    keep_zero: bool = False,
    overwrite: bool = False,
) -> CellsReport:
    """Divide the earth into S2 cells: each is split while it holds more than `most` photographs (PlaNet).

    `places` is a table with columns of latitude and longitude, or geotagged photographs as `train` takes them. Cells of
    fewer than `fewest` photographs are dropped with them; none is finer than the S2 level `finest`. Writes the cells to
    `out` (a .csv) and a map of them beside it (.png). Raises `UsageError` for limits and tables that make no sense, an
    `out` that is there (unless `overwrite`), and where no cell is left; `JobError` where over 1 % of the coordinates
    cannot be, or a file cannot be written.
    """
    file = Path(out)
    _check(file, most=most, fewest=fewest, finest=finest, overwrite=overwrite)
    found, notes = _places(str(places), keep_zero=keep_zero)
    made = partition(*found.T, most=most, fewest=fewest, finest=finest)
    if not len(made):
        raise UsageError(
            f"min {fewest} leaves no cell of {places}: its {len(found):,} places lie in cells of fewer; use a smaller "
            "--min or a larger --max"
        )
    picture = file.with_suffix(".png")
    drawn = draw(made)
    write_cells(file, made)
    write_bytes_whole(picture, drawn)
    return _report(file, picture, made, (*notes, *_said(made, most=most)))


def _check(file: Path, *, most: int, fewest: int, finest: int, overwrite: bool) -> None:
    within("min", fewest, low=1)
    within("max", most, low=fewest)
    within("finest", finest, low=0, high=FINEST)
    if file.suffix.lower() != ".csv":
        raise UsageError(f"--out {file} is to be a table: let its name end in .csv")
    there = next((one for one in (file, file.with_suffix(".png")) if one.exists()), None)
    if there is not None and not overwrite:
        raise UsageError(f"{there} is there already: choose another --out, or --overwrite")


def _places(source: str, *, keep_zero: bool) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    path = expanded(source)
    if path.suffix.lower() in _TABLES and path.is_file():
        table = read_places(path, keep_zero=keep_zero)
        return table.places, table.notes
    collection = open_geotagged(source)
    return places_of(collection.examples), collection.notes


def _said(made: Partition, *, most: int) -> tuple[str, ...]:
    few = int((made.counts < FEWEST_FOR_MEAN).sum())
    crowded = f"{made.crowded:,} cells hold more than {most:,} photographs and can be split no more"
    middles = (
        f"{few:,} cells of fewer than {FEWEST_FOR_MEAN} photographs stand for their middle: the mean of so few would "
        "say where they were taken"
    )
    return tuple(note for count, note in ((made.crowded, crowded), (few, middles)) if count)


def draw(made: Partition) -> bytes:
    """A map of the cells, as PNG."""
    # matplotlib is slow to import.
    from mobilenets.reporting import figures

    title = f"{len(made):,} cells of {int(made.counts.sum()):,} photographs"
    drawn = figures.world(
        lambda latitude, longitude: made.find(leaf_ids(latitude, longitude)),
        counts=made.counts,
        places=made.places,
        title=title,
        note="dots: the places that answers name",
    )
    return drawn.png()


def _report(file: Path, picture: Path, made: Partition, notes: tuple[str, ...]) -> CellsReport:
    found, counts = np.unique(levels(made.ids), return_counts=True)
    low, middle, high = (int(value) for value in np.quantile(made.counts, (0, 0.5, 1)))
    return CellsReport(
        file=file,
        map=picture,
        cells=len(made),
        photographs=int(made.counts.sum()),
        dropped=made.dropped,
        dropped_cells=made.dropped_cells,
        crowded=made.crowded,
        levels={int(level): int(count) for level, count in zip(found, counts, strict=True)},
        counts=(low, middle, high),
        notes=notes,
    )
