"""The verb cells as a function."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenets import cells
from mobilenets.data.geotags.cells_file import read_cells
from mobilenets.errors import UsageError

TOWNS = np.array([(48.857, 2.352), (-33.869, 151.209), (-17.7, 179.99), (89.9, 10.0)])


@pytest.fixture
def places(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    drawn = TOWNS[random.integers(0, 4, 400)] + random.normal(size=(400, 2)) * 0.02
    drawn[:, 1] = (drawn[:, 1] + 180) % 360 - 180
    table = tmp_path / "places.csv"
    lines = "".join(f"{latitude:.6f},{longitude:.6f}\n" for latitude, longitude in drawn)
    table.write_text(f"lat,lon\n0,0\n{lines}")
    return table


def test_cells_and_a_map_of_them(places: Path, tmp_path: Path) -> None:
    report = cells(places, out=tmp_path / "cells.csv", most=60, fewest=5)
    written = read_cells(tmp_path / "cells.csv")
    assert (report.cells, report.photographs) == (len(written), int(written.counts.sum()))
    assert report.photographs + report.dropped == 400
    assert report.counts[2] <= 60
    assert sum(report.levels.values()) == report.cells
    assert "(0, 0) is what is written for no coordinates" in report.notes[0]
    with Image.open(report.map) as picture:
        assert picture.format == "PNG"
        colours = picture.convert("RGB").getcolors(maxcolors=1 << 20)
    assert colours is not None
    assert len(colours) > 20


def test_geotagged_photographs_are_taken_too(shared_data: Path, tmp_path: Path) -> None:
    report = cells(shared_data / "geotagged", out=tmp_path / "cells.csv", most=10, fewest=2)
    assert report.photographs + report.dropped == 57
    assert any("stand for their middle" in note for note in report.notes)


def test_the_real_partition(shared_data: Path, tmp_path: Path) -> None:
    report = cells(shared_data / "geotagged" / "places2611.csv", out=tmp_path / "cells.csv", most=100, fewest=10)
    assert (report.cells, report.photographs, report.dropped) == (64, 2518, 92)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"most": 4, "fewest": 5}, "max 4 is outside"),
        ({"fewest": 0}, "min 0 is outside"),
        ({"finest": 31}, "finest 31 is outside"),
        ({"most": 1000, "fewest": 500}, "min 500 leaves no cell of .*: its 400 places lie in cells of fewer"),
    ],
)
def test_wrong_limits_leave_nothing(places: Path, tmp_path: Path, named: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cells(places, out=tmp_path / "cells.csv", **named)
    assert [file.name for file in tmp_path.iterdir()] == ["places.csv"]


def test_what_is_there_stays(places: Path, tmp_path: Path) -> None:
    (tmp_path / "cells.png").write_text("mine")
    with pytest.raises(UsageError, match=r"cells.png is there already"):
        cells(places, out=tmp_path / "cells.csv", fewest=5)
    assert (tmp_path / "cells.png").read_text() == "mine"
    cells(places, out=tmp_path / "cells.csv", fewest=5, overwrite=True)
    assert (tmp_path / "cells.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"let its name end in .csv"):
        cells(places, out=tmp_path / "cells.json")


def test_it_does_without_torch(places: Path, tmp_path: Path) -> None:
    """A million places are divided in less time than torch takes to load."""
    code = "import sys; from mobilenets.cli.main import main; main(sys.argv[1:]); assert 'torch' not in sys.modules"
    arguments = ["cells", str(places), "--max", "60", "--min", "5", "--out", str(tmp_path / "cells.csv")]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)
    assert (tmp_path / "cells.csv").exists()
