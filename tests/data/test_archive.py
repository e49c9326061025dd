"""Zips of folders of photographs."""

import io
import struct
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from mobilenets.data.archive import read_archive
from mobilenets.data.decode import decode
from mobilenets.data.photos import ZipPhoto
from mobilenets.errors import UsageError


def zipped(path: Path, *names: str, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(name, name.encode())
    return path


@pytest.mark.parametrize("top", ["", "photos/", "./", "/", "a/b/"])
def test_the_same_layouts_as_a_folder_with_or_without_a_top(tmp_path: Path, top: str) -> None:
    names = [f"{top}{part}/{label}/{number}.jpg" for part in ("train", "val") for label in "ab" for number in (10, 9)]
    collection = read_archive(zipped(tmp_path / "set.zip", *names, f"{top}classes.txt"))
    assert collection.name == "set"
    assert Counter((one.split, one.label) for one in collection.examples) == Counter(
        {(part, label): 2 for part in ("train", "val") for label in "ab"}
    )
    assert collection.examples[0].photo.name.endswith("train/a/9.jpg")
    assert collection.examples[0].photo.read().endswith(b"train/a/9.jpg")


def test_what_a_mac_and_a_windows_machine_put_in(tmp_path: Path) -> None:
    mac = zipped(tmp_path / "m.zip", "p/", "p/a/1.jpg", "p/b/1.jpg", "__MACOSX/p/a/._1.jpg", "p/.DS_Store")
    assert [one.photo.name for one in read_archive(mac).examples] == ["p/a/1.jpg", "p/b/1.jpg"]
    windows = zipped(tmp_path / "w.zip", "p\\a\\1.jpg", "p\\b\\1.JPG")
    examples = read_archive(windows).examples
    assert [(one.photo.name, one.label) for one in examples] == [("p/a/1.jpg", "a"), ("p/b/1.JPG", "b")]
    assert examples[1].photo.read() == b"p\\b\\1.JPG"


def test_an_empty_folder_inside_is_said(tmp_path: Path) -> None:
    named = zipped(tmp_path / "n.zip", "a/1.jpg", "b/1.jpg", "c/")
    assert read_archive(named).notes == ("no photographs in c: left out",)
    implied = zipped(tmp_path / "i.zip", "a/1.jpg", "b/1.jpg", "c/readme.txt")
    assert read_archive(implied).notes == ("no photographs in c: left out",)


def test_a_name_that_is_there_twice_is_said(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "d.zip", "a/1.jpg", "b/1.jpg", "b/1.jpg")
    collection = read_archive(path)
    assert len(collection.examples) == 2
    assert collection.notes == (f"1 member of {path} replaced by a later one of the same name",)


def encrypted(path: Path) -> Path:
    """Python writes no encrypted zips, but a flag is all that makes one."""
    data = bytearray(zipped(path, "a/1.jpg", "b/1.jpg").read_bytes())
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        data[place + 8] |= 1
        place = data.find(b"PK\x01\x02", place + 1)
    path.write_bytes(data)
    return path


def test_what_cannot_be_read_in_place_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is encrypted \(a/1\.jpg\): unpack it and pass the folder"):
        read_archive(encrypted(tmp_path / "e.zip"))
    with pytest.raises(
        UsageError, match=r"packed by the method LZMA \(a/1\.jpg\): only stored and deflated .* `zip -0 -r`"
    ):
        read_archive(zipped(tmp_path / "l.zip", "a/1.jpg", "b/1.jpg", method=zipfile.ZIP_LZMA))
    with pytest.raises(UsageError, match="packed by the method bzip2"):
        read_archive(zipped(tmp_path / "b.zip", "a/1.jpg", "b/1.jpg", method=zipfile.ZIP_BZIP2))


def test_only_photographs_need_to_be_readable(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.zip", "a/1.jpg", "b/1.jpg")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("notes.txt", "n" * 999, compress_type=zipfile.ZIP_LZMA)
    assert len(read_archive(path).examples) == 2


@pytest.mark.parametrize("content", [b"", b"not a zip at all", b"PK\x05\x06" + bytes(10)])
def test_a_file_that_is_no_zip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.zip is no zip or a damaged one"):
        read_archive(path)


def test_a_zip_cut_short_in_download(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", *(f"{label}/{number}.jpg" for label in "ab" for number in range(9)))
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(UsageError, match="no zip or a damaged one"):
        read_archive(path)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_archive(tmp_path / "gone.zip")


def test_members_with_extra_fields_are_found_behind_them(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("a/1.jpg", "b/ä.jpg"):
            info = zipfile.ZipInfo(name)
            info.extra = struct.pack("<HH4s", 0x7777, 4, b"more")
            archive.writestr(info, name)
    (tmp_path / "x.zip").write_bytes(stream.getvalue())
    assert [one.photo.read().decode() for one in read_archive(tmp_path / "x.zip").examples] == ["a/1.jpg", "b/ä.jpg"]


def test_tiny_imagenet_in_place(shared_data: Path) -> None:
    collection = read_archive(shared_data / "tiny_imagenet40.zip")
    assert Counter(one.split for one in collection.examples) == {"train": 20_000, "val": 2_000}
    assert len(collection.labels) == 40 and collection.notes == ()
    assert all(isinstance(one.photo, ZipPhoto) and not one.photo.deflated for one in collection.examples)
    assert {decode(one.photo.read()).shape for one in collection.examples[::2000]} == {(64, 64, 3)}
