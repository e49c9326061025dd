"""Folders of photographs as people have them."""

from collections import Counter
from pathlib import Path

import pytest

from mobilenets.data.decode import decode
from mobilenets.data.folder import read_folder
from mobilenets.data.photos import BadImage
from mobilenets.errors import UsageError


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    return folder


def test_a_folder_gives_photographs_in_natural_order(tmp_path: Path) -> None:
    fill(tmp_path, "cat/10.jpg", "cat/2.JPG", "dog/deep/1.jpeg", "dog/._1.jpeg", "__MACOSX/cat/._2.JPG", "classes.txt")
    collection = read_folder(tmp_path)
    assert collection.name == tmp_path.name and collection.mirror and collection.notes == ()
    assert [(one.photo.name, one.label, one.split) for one in collection.examples] == [
        ("cat/2.JPG", "cat", None),
        ("cat/10.jpg", "cat", None),
        ("dog/deep/1.jpeg", "dog", None),
    ]
    assert all(one.photo.read() == b"" for one in collection.examples)


def test_a_relative_folder_and_dots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "pets", "cat/1.jpg", "dog/1.jpg")
    monkeypatch.chdir(tmp_path / "pets")
    assert read_folder(Path()).name == "pets"
    monkeypatch.chdir(tmp_path / "pets" / "cat")
    assert [one.photo.read() for one in read_folder(Path("..")).examples] == [b"", b""]


def test_links_are_followed_and_a_circle_ends(tmp_path: Path) -> None:
    fill(tmp_path / "store", "1.jpg", "2.jpg")
    fill(tmp_path / "photos", "dog/1.jpg")
    (tmp_path / "photos" / "cat").symlink_to(tmp_path / "store", target_is_directory=True)
    (tmp_path / "photos" / "dog" / "again").symlink_to(tmp_path / "photos", target_is_directory=True)
    names = [one.photo.name for one in read_folder(tmp_path / "photos").examples]
    assert names == ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"]


def test_a_link_to_itself_is_a_photograph_that_cannot_be_read(tmp_path: Path) -> None:
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg")
    (tmp_path / "dog" / "2.jpg").symlink_to("2.jpg")
    *_, last = read_folder(tmp_path).examples
    with pytest.raises(BadImage, match="Too many levels of symbolic links"):
        last.photo.read()


def test_an_empty_class_is_said(tmp_path: Path) -> None:
    fill(tmp_path, "train/cat/1.jpg", "train/dog/1.jpg", "val/cat/2.jpg", "val/dog/2.jpg")
    (tmp_path / "train" / "fish").mkdir()
    collection = read_folder(tmp_path)
    assert collection.notes == ("no photographs in train/fish: left out",)
    assert collection.labels == ("cat", "dog") and collection.splits == ("train", "val")


def test_where_a_table_lists_the_labels_it_is_pointed_at(tmp_path: Path) -> None:
    fill(tmp_path, "images/1.jpg", "images/2.jpg", "labels.csv")
    with pytest.raises(
        UsageError, match=r"one label only \('images'.*; if labels\.csv lists the labels, pass .*labels\.csv$"
    ):
        read_folder(tmp_path)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no photographs .* expected SOURCE/label/photo.jpg"):
        read_folder(tmp_path)


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("mobilenets.data.folder.os.scandir", refuse)
    with pytest.raises(UsageError, match=f"^{tmp_path} cannot be read: Permission denied$"):
        read_folder(tmp_path)


def test_hymenoptera(shared_data: Path) -> None:
    collection = read_folder(shared_data / "hymenoptera")
    assert Counter((one.split, one.label) for one in collection.examples) == {
        ("train", "ants"): 124,
        ("train", "bees"): 121,
        ("val", "ants"): 70,
        ("val", "bees"): 83,
    }
    assert collection.notes == ()
    assert decode(collection.examples[0].photo.read()).shape[2] == 3


def test_stanford_dogs(shared_data: Path) -> None:
    collection = read_folder(shared_data / "stanford_dogs300")
    assert (len(collection.examples), len(collection.labels), collection.splits) == (300, 110, ())
    assert {decode(one.photo.read()).shape[2] for one in collection.examples[::25]} == {3}
