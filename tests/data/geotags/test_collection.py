"""Photographs with places, from tables and from EXIF."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mobilenets.data.geotags.collection import open_geotagged, places_of
from mobilenets.data.geotags.places import read_places
from mobilenets.errors import JobError, UsageError

PARIS = ((48, 51, 30.132), "N", (2, 17, 40.128), "E")
SYDNEY = ((33, 51, 24.4), "S", (151, 12, 55), "E")

Make = Callable[..., bytes]


def _folder(folder: Path, make: Make, table: str = "", name: str = "gps.csv") -> Path:
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(make(*PARIS, seed=number))
    if table:
        (folder / name).write_text(table)
    return folder


@pytest.mark.parametrize(
    "table",
    [
        "file,lat,lon\n0.jpg,1.5,2.5\n1.jpg,-3,4\n2.jpg,5,6\n",
        "Image;LATITUDE;LNG\n0.jpg;1,5;2,5\n1.jpg;-3;4\n2.jpg;5;6\n",
        "path\tLongitude\tnotes\tLat\n0.jpg\t2.5\tmine\t1.5\n1.jpg\t4\tsecret\t-3\n2.jpg\t6\t\t5\n",
    ],
)
def test_a_table_in_the_folder_says_where(tmp_path: Path, geotagged: Make, table: str) -> None:
    for source in (_folder(tmp_path, geotagged, table), tmp_path / "gps.csv"):
        found = open_geotagged(str(source))
        assert [one.photo.name for one in found.examples] == ["0.jpg", "1.jpg", "2.jpg"]
        assert places_of(found.examples).tolist() == [[1.5, 2.5], [-3, 4], [5, 6]]
        assert all(set(one.fields) == {"latitude", "longitude"} for one in found.examples)


def test_without_a_table_the_photographs_say_where(tmp_path: Path, geotagged: Make) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "3.jpg").write_bytes(geotagged(*SYDNEY))
    (tmp_path / "plain.jpg").write_bytes(geotagged())
    found = open_geotagged(str(_folder(tmp_path, geotagged)))
    assert [one.photo.name for one in found.examples] == ["0.jpg", "1.jpg", "2.jpg", "far/3.jpg"]
    np.testing.assert_allclose(
        places_of(found.examples)[[0, 3]], [[48.85837, 2.29448], [-33.85678, 151.21528]], atol=1e-4
    )
    assert "places are read from the photographs' EXIF" in found.notes
    assert "1 photograph left out: no coordinates" in found.notes
    assert found.splits == ()
    assert found.examples[3].photo.read() == (tmp_path / "far" / "3.jpg").read_bytes()


def test_a_zip_and_its_splits(tmp_path: Path, geotagged: Make) -> None:
    with zipfile.ZipFile(tmp_path / "trip.zip", "w") as archive:
        archive.writestr("train/a.jpg", geotagged(*PARIS))
        archive.writestr("val/b.jpg", geotagged(*SYDNEY))
    found = open_geotagged(str(tmp_path / "trip.zip"))
    assert [(one.photo.name, one.split) for one in found.examples] == [("train/a.jpg", "train"), ("val/b.jpg", "val")]
    assert found.examples[1].photo.read() == geotagged(*SYDNEY)


def test_rows_without_a_place_are_counted(tmp_path: Path, geotagged: Make) -> None:
    table = "file,lat,lon\n0.jpg,,\n1.jpg,0,0\n2.jpg,5,6\n"
    found = open_geotagged(str(_folder(tmp_path, geotagged, table)))
    assert [one.photo.name for one in found.examples] == ["2.jpg"]
    assert [note.partition(" left out")[0] for note in found.notes] == ["1 photograph", "1 photograph"]


def test_labels_and_other_columns_are_not_kept(tmp_path: Path, geotagged: Make) -> None:
    table = "file,lat,lon,label,owner\n0.jpg,1,2,home,me\n1.jpg,3,4,school,me\n2.jpg,5,6,home,me\n"
    found = open_geotagged(str(_folder(tmp_path, geotagged, table)))
    assert found.labels == ()
    assert all(set(one.fields) == {"latitude", "longitude"} for one in found.examples)


def test_unreadable_photographs_and_other_tables_do_no_harm(tmp_path: Path, geotagged: Make) -> None:
    _folder(tmp_path, geotagged)
    (tmp_path / "notes.csv").write_bytes(b"what,when\n1,2,3\n\xff\n")
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(JobError, match=r"1 of 4 photographs cannot be used: cut.jpg"):
        open_geotagged(str(tmp_path))
    (tmp_path / "cut.jpg").unlink()
    assert len(open_geotagged(str(tmp_path)).examples) == 3


def test_a_place_that_cannot_be_stops_a_small_set(tmp_path: Path, geotagged: Make) -> None:
    table = "file,lat,lon\n0.jpg,139.7,35.6\n1.jpg,1,1\n2.jpg,5,6\n"
    with pytest.raises(JobError, match=r"1 of 3 photographs cannot be used: 0.jpg \(latitude 139.7 .* swapped\?\)"):
        open_geotagged(str(_folder(tmp_path, geotagged, table)))


def test_wrong_sources_are_told(tmp_path: Path, geotagged: Make) -> None:
    with pytest.raises(UsageError, match="there is no 'digits'"):
        open_geotagged("digits")
    _folder(tmp_path, geotagged, "file,lat,lon\n0.jpg,1,1\n")
    with pytest.raises(UsageError, match="is no source of photographs with places"):
        open_geotagged(str(tmp_path / "0.jpg"))
    (tmp_path / "more.tsv").write_text("file\tlat\tlon\n0.jpg\t1\t1\n")
    with pytest.raises(UsageError, match=r"gps.csv and more.tsv with coordinates: name one"):
        open_geotagged(str(tmp_path))
    (tmp_path / "plain.csv").write_text("file,label\n0.jpg,owl\n")
    with pytest.raises(UsageError, match="has no coordinates, for which it needs the columns lat or latitude"):
        open_geotagged(str(tmp_path / "plain.csv"))
    (tmp_path / "zero.csv").write_text("file,lat,lon\n0.jpg,0,0\n")
    with pytest.raises(UsageError, match=r"zero has no coordinates .1 photograph left out"):
        open_geotagged(str(tmp_path / "zero.csv"))


def test_places_of_a_table_without_photographs(tmp_path: Path) -> None:
    table = tmp_path / "places.csv"
    table.write_text("\ufeffcountry;lon;lat\nFrance;2,35;48,86\n\nNowhere;0;0\nJapan;138.7;35.4\n;;\n")
    found = read_places(table)
    assert found.places.tolist() == [[48.86, 2.35], [35.4, 138.7]]
    assert found.notes == (
        "1 row left out: no coordinates",
        "1 row left out: (0, 0) is what is written for no coordinates; --keep-zero takes it as a place",
    )
    assert len(read_places(table, keep_zero=True).places) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the columns .none.: needed are lat or latitude; lon or lng"),
        ("lat,country\n1,x\n", "has the columns lat, country: needed are"),
        ("lat,lon\n1,2,3\n", "line 2: 3 values for 2 columns"),
        ("lat,lon\n,\n", "has no coordinates .1 row left out: no coordinates."),
    ],
)
def test_a_table_that_cannot_be_understood(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "places.csv").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_places(tmp_path / "places.csv")


def test_a_line_with_an_impossible_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text("lat,lon\n1,2\n3,190\n")
    with pytest.raises(JobError, match=r"1 of 2 photographs cannot be used: line 3 \(longitude 190"):
        read_places(tmp_path / "places.csv")


def test_real_photographs(shared_data: Path) -> None:
    found = open_geotagged(str(shared_data / "geotagged"))
    assert len(found.examples) == 57
    assert len({tuple(np.round(place)) for place in places_of(found.examples)}) == 21
    assert len(read_places(shared_data / "geotagged" / "places2611.csv", keep_zero=True).places) == 2611
