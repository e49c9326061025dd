"""One door for every source."""

import zipfile
from pathlib import Path

import pytest

from mobilenets.data.photos import Collection
from mobilenets.data.sources import is_embedded, open_collection
from mobilenets.errors import JobError, UsageError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of photographs, a zip and a table of them, in the working folder."""
    for name in ("photos/cat/1.jpg", "photos/dog/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "photos.ZIP", "w") as archive:
        archive.writestr("cat/1.jpg", b"")
        archive.writestr("dog/1.jpg", b"")
    (tmp_path / "list.csv").write_text("file,label\nphotos/cat/1.jpg,cat\nphotos/dog/1.jpg,dog\n")
    (tmp_path / "list.TSV").write_text("file\tlabel\nphotos/cat/1.jpg\tcat\nphotos/dog/1.jpg\tdog\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("source", ["photos", "photos/", "./photos", "photos.ZIP", "list.csv", "list.TSV", "~/photos"])
def test_each_kind_is_opened(source: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    collection = open_collection(source)
    assert collection.labels == ("cat", "dog") and len(collection.examples) == 2
    assert [one.photo.read() for one in collection.examples] == [b"", b""]


def test_digits_and_downloads_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(open_collection("digits").examples) == 1797
    fetched = Collection(name="pets", examples=())
    monkeypatch.setattr("mobilenets.data.sources.download", lambda name: fetched if name == "pets" else None)
    assert open_collection("pets") == fetched
    assert is_embedded("digits") and is_embedded("pets") and not is_embedded("photos")


def test_a_folder_called_as_a_data_set_is_taken_and_that_is_said(here: Path) -> None:
    (here / "photos").rename(here / "pets")
    collection = open_collection("pets")
    assert collection.labels == ("cat", "dog")
    assert collection.notes == ("pets is the folder here, not the data set of that name",)


def test_labels_that_do_not_match_are_said(here: Path) -> None:
    for name in ("set/train/a/1.jpg", "set/train/b/1.jpg", "set/val/a/1.jpg", "set/val/c/1.jpg"):
        (here / name).parent.mkdir(parents=True)
        (here / name).write_bytes(b"")
    assert open_collection("set").notes == (
        "val has the label c (1 photograph), which train lacks",
        "val has no photograph of the label b, which train has",
    )


def test_needs_and_strict_reach_the_table(here: Path) -> None:
    (here / "gps.csv").write_text("file,lat\nphotos/cat/1.jpg,1\n" + "photos/dog/1.jpg,2\ngone.jpg,3\n")
    with pytest.raises(JobError, match="1 of 3 photographs cannot be used"):
        open_collection("gps.csv", needs=("lat",))
    (here / "gps.csv").write_text("file,lat\nphotos/cat/1.jpg,1\n")
    assert open_collection("gps.csv", needs=("lat",), strict=True).examples[0].fields == {"lat": "1"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "phtos",
            r"^there is no 'phtos' \(did you mean photos\?\): name a folder, a \.zip, a \.csv or \.tsv, digits, or a",
        ),
        ("flowers", r"\(did you mean flowers102\?\)"),
        ("digit", r"\(did you mean digits\?\)"),
        ("photos/dg", r"\(did you mean photos/dog\?\)"),
        ("~nobody-here/photos", r"^there is no '~nobody-here/photos'"),
        ("nowhere/at/all", r"^there is no 'nowhere/at/all': name a folder"),
        ("photos/cat/1.jpg", r"1\.jpg is one photograph: pass the folder"),
        ("x.tar.gz", r"x\.tar\.gz is packed in a way that cannot be read in place: unpack it"),
        ("x.bin", r"x\.bin is no source of photographs: name a folder"),
        ("x" * 5000, r"cannot be read: File name too long"),
    ],
)
def test_what_is_no_source_is_refused_with_a_guess(source: str, message: str, here: Path) -> None:
    (here / "x.tar.gz").write_bytes(b"")
    (here / "x.bin").write_bytes(b"")
    with pytest.raises(UsageError, match=message) as caught:
        open_collection(source)
    assert "\n" not in str(caught.value)
