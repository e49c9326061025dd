"""`mobilenets cells`: the earth divided into geocells by where photographs were taken."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from mobilenets.cli.output import Column, print_json, print_line, print_table, size_text

if TYPE_CHECKING:
    from mobilenets.jobs.cells import CellsReport


def run(
    places: Positional[str],
    *,
    out: Path,
    most: Annotated[int, arg(name="max")] = 10_000,
    fewest: Annotated[int, arg(name="min")] = 50,
    finest: int = 30,
    keep_zero: bool = False,
    overwrite: bool = False,
    json: bool = False,
) -> None:
    """Divide the earth into S2 cells for `train --task places`, as PlaNet does: small where photographs are many.

    Starts from the six faces of the S2 cube and splits a cell while it holds more than --max photographs. Writes the
    cells (token, photographs, mean place) and a map of them beside it. Where photographs were taken says where people
    were: docs/responsible-use.md.

    Args:
        places: CSV or TSV with columns lat and lon, or geotagged photographs (folder, .zip)
        out: table of cells to write, a .csv; the map is the .png beside it
        most: most photographs of a cell
        fewest: fewest photographs of a cell; those with fewer are dropped, and their photographs
        finest: S2 level that no cell is finer than: 30 is a centimetre, 13 about 1.2 km
        keep_zero: take (0, 0) as a place; otherwise it is what stands for no coordinates
        overwrite: replace the files
        json: print JSON
    """
    from mobilenets.jobs.cells import cells

    report = cells(places, out=out, most=most, fewest=fewest, finest=finest, keep_zero=keep_zero, overwrite=overwrite)
    print_json(report) if json else _print(report)


def _print(report: "CellsReport") -> None:
    print_line(f"{report.cells:,} cells of {report.photographs:,} photographs", style="bold")
    for note in report.notes:
        print_line(f"note: {note}")
    low, middle, high = report.counts
    sizes = ", ".join(f"{count:,} of level {level}" for level, count in report.levels.items())
    rows = [
        ("photographs of a cell", f"{low:,} to {high:,}, median {middle:,}"),
        ("cells", sizes),
        ("dropped", f"{report.dropped:,} photographs in {report.dropped_cells:,} cells with fewer than --min"),
    ]
    print_table((Column(""), Column("")), rows)
    print_line()
    print_line(f"wrote {report.file} ({size_text(report.file.stat().st_size)}) and {report.map}")
