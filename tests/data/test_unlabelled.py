"""Photographs without labels: what counts as such, and what is read of them."""

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from mobilenets.data.unlabelled import is_unlabelled, nothing_known, open_unlabelled
from mobilenets.errors import UsageError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "photographs"


def lay(folder: Path, *names: str) -> Path:
    """A folder of files of these names; those of images hold one."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".png"):
            Image.new("RGB", (4, 4)).save(folder / name)
        else:
            (folder / name).write_text("")
    return folder


def zipped(folder: Path, *, top: str = "") -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as opened:
        for file in sorted(folder.rglob("*.*")):
            opened.write(file, top + str(file.relative_to(folder)))
    return archive


@pytest.mark.parametrize(
    ("names", "bare"),
    [
        (["a.png", "b.png"], True),
        (["a.png", "b.png", "notes.pdf"], True),
        (["holiday/a.png", "holiday/b.png"], True),
        (["train/a.png", "train/b.png", "val/c.png"], True),
        (["train/a.png", "train/b.png", "val/ant/c.png", "val/bee/d.png"], True),
        (["ant/a.png", "bee/b.png"], False),
        (["train/ant/a.png", "train/bee/b.png", "val/ant/c.png"], False),
        (["a.png", "b.png", "labels.csv"], False),
        (["a.png", "b.png", "list_attr.txt"], False),
        (["train/a.png", "val/b.png", "annotations/instances_train.json"], False),
        (["a.png", "a.xml"], False),
        (["images/a.png", "data.yaml"], False),
        (["a.png", "bee/b.png"], False),
        (["notes.pdf"], False),
    ],
)
def test_what_has_no_labels(place: Path, names: list[str], bare: bool) -> None:
    folder = lay(place, *names)
    assert is_unlabelled(str(folder)) == bare
    assert is_unlabelled(str(zipped(folder))) == bare


@pytest.mark.parametrize("source", ["digits", "nowhere", "data.csv"])
def test_other_sources_say_for_themselves(source: str) -> None:
    assert not is_unlabelled(source)


def test_all_photographs_of_a_folder_and_of_its_zip(place: Path) -> None:
    folder = lay(place, "ant/10.png", "ant/2.png", "bee/deep/1.png", "3.png", "odd.xyz")
    found = open_unlabelled(str(folder))
    assert [one.photo.name for one in found.examples] == ["3.png", "ant/2.png", "ant/10.png", "bee/deep/1.png"]
    assert {(one.label, one.split) for one in found.examples} == {(None, None)}
    assert (found.name, found.unlabelled) == ("photographs", True)
    assert found.notes == ("1 file left out as no image by the name's ending (1 with .xyz)",)
    packed = open_unlabelled(str(zipped(folder)))
    assert [one.photo.read() for one in packed.examples] == [one.photo.read() for one in found.examples]
    assert (packed.name, packed.notes) == (found.name, found.notes)


def test_folders_that_are_splits_divide(place: Path) -> None:
    folder = lay(place, "training/a.png", "training/ant/b.png", "val/ant/c.png", "val/bee/d.png")
    found = open_unlabelled(str(folder))
    assert [(one.photo.name, one.label, one.split) for one in found.examples] == [
        ("training/a.png", None, "train"),
        ("training/ant/b.png", None, "train"),
        ("val/ant/c.png", None, "val"),
        ("val/bee/d.png", None, "val"),
    ]
    kept = open_unlabelled(str(folder), keep_held_out=True)
    assert [one.label for one in kept.examples] == [None, None, "ant", "bee"]
    assert [nothing_known(kept, split) for split in ("train", "val")] == [True, False]
    inside = open_unlabelled(str(zipped(folder, top="top/")))
    assert [one.split for one in inside.examples] == ["train", "train", "val", "val"]


def test_train_alone_is_no_split(place: Path) -> None:
    found = open_unlabelled(str(lay(place, "train/a.png", "train/b.png")))
    assert {one.split for one in found.examples} == {None}


def test_two_folders_for_one_split(place: Path) -> None:
    with pytest.raises(UsageError, match="'val' and 'validation' both mean the split val"):
        open_unlabelled(str(lay(place, "train/a.png", "val/b.png", "validation/c.png")))


def test_a_folder_without_photographs(place: Path) -> None:
    with pytest.raises(UsageError, match=r"photographs holds no photographs \(\.jpg"):
        open_unlabelled(str(lay(place, "notes.pdf")))


def test_tables_and_data_sets_lose_their_labels(place: Path) -> None:
    folder = lay(place, "a.png", "b.png")
    table = folder / "labels.csv"
    table.write_text("file,label,age\na.png,ant,3\nb.png,bee,4\n")
    found = open_unlabelled(str(table))
    assert {(one.label, tuple(one.fields)) for one in found.examples} == {(None, ())}
    (folder / "files.csv").write_text("file\na.png\n")
    assert [one.photo.name for one in open_unlabelled(str(folder / "files.csv")).examples] == ["a.png"]
    digits = open_unlabelled("digits")
    assert len(digits.examples) == 1797
    assert not digits.mirror
    assert not digits.labels
    assert digits.unlabelled
