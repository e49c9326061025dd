"""Labels and splits from paths alone."""

import pytest

from mobilenets.data.layout import Layout, arrange
from mobilenets.errors import UsageError


def places(layout: Layout) -> list[tuple[str, str, str | None]]:
    return [(photo.path, photo.label, photo.split) for photo in layout.photos]


def test_one_folder_a_label() -> None:
    layout = arrange(["cat/10.jpg", "cat/9.JPG", "dog/a/b/1.png"], where="photos")
    assert places(layout) == [("cat/9.JPG", "cat", None), ("cat/10.jpg", "cat", None), ("dog/a/b/1.png", "dog", None)]
    assert layout.notes == ()


@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
@pytest.mark.parametrize(
    ("other", "split"), [("val", "val"), ("Valid", "val"), ("validation", "val"), ("TEST", "test"), ("eval", "val")]
)
def test_split_then_label_in_any_case(train: str, other: str, split: str) -> None:
    layout = arrange(
        [f"{train}/cat/1.jpg", f"{train}/dog/1.jpg", f"{other}/cat/2.jpg", f"{other}/dog/2.jpg"], where="p"
    )
    assert {(photo.label, photo.split) for photo in layout.photos} == {
        (label, part) for label in ("cat", "dog") for part in ("train", split)
    }


def test_label_then_split() -> None:
    layout = arrange(["cat/train/1.jpg", "cat/val/2.jpg", "dog/train/1.jpg", "dog/val/deep/2.jpg"], where="p")
    assert places(layout) == [
        ("cat/train/1.jpg", "cat", "train"),
        ("cat/val/2.jpg", "cat", "val"),
        ("dog/train/1.jpg", "dog", "train"),
        ("dog/val/deep/2.jpg", "dog", "val"),
    ]


def test_eval_beside_val_is_the_test() -> None:
    layout = arrange([f"{part}/{label}/1.jpg" for part in ("train", "val", "eval") for label in "ab"], where="p")
    assert {photo.path.split("/")[0]: photo.split for photo in layout.photos} == {
        "train": "train",
        "val": "val",
        "eval": "test",
    }


def test_train_alone_is_no_split_and_test_alone_is_one() -> None:
    assert {photo.split for photo in arrange(["train/a/1.jpg", "train/b/1.jpg"], where="p").photos} == {None}
    assert {photo.split for photo in arrange(["a/train/1.jpg", "b/train/1.jpg"], where="p").photos} == {None}
    assert {photo.split for photo in arrange(["test/a/1.jpg", "test/b/1.jpg"], where="p").photos} == {"test"}


@pytest.mark.parametrize("top", ["photos/", "photos/2024/"])
def test_a_common_top_folder_is_looked_through_and_said(top: str) -> None:
    plain = arrange([f"{top}cat/1.jpg", f"{top}dog/1.jpg", f"{top}README.txt"], where="p.zip")
    assert [photo.label for photo in plain.photos] == ["cat", "dog"]
    assert plain.notes == (f"the labels are folders of {top.rstrip('/')} inside p.zip",)
    split = arrange([f"{top}{part}/{label}/1.jpg" for part in ("train", "val") for label in "ab"], where="p.zip")
    assert {photo.split for photo in split.photos} == {"train", "val"}


def test_a_label_may_be_called_as_a_split_is() -> None:
    layout = arrange(["bus/1.jpg", "car/1.jpg", "train/1.jpg"], where="vehicles")
    assert [(photo.label, photo.split) for photo in layout.photos] == [("bus", None), ("car", None), ("train", None)]


def test_a_folder_that_may_be_split_or_label_is_asked_about() -> None:
    with pytest.raises(UsageError, match=r"p: is the folder 'train' a split, or a label beside 'bus'\? Rename"):
        arrange(["bus/a/1.jpg", "train/x/1.jpg", "train/y/1.jpg"], where="p")


def test_system_files_and_companions_are_passed_over_in_silence() -> None:
    layout = arrange(
        [
            "cat/1.jpg",
            "cat/._1.jpg",
            "cat/Thumbs.db",
            "dog/1.jpg",
            "dog/.DS_Store",
            "__MACOSX/cat/._1.jpg",
            ".hidden/2.jpg",
            "classes.txt",
            "LICENSE",
        ],
        [".hidden", "__MACOSX", "__MACOSX/cat", "cat", "dog"],
        where="p",
    )
    assert [photo.path for photo in layout.photos] == ["cat/1.jpg", "dog/1.jpg"]
    assert layout.notes == ()


def test_other_files_are_counted() -> None:
    layout = arrange(["cat/1.jpg", "dog/1.jpg", "dog/film.mp4", "dog/two.MP4", "dog/bare"], where="p")
    assert layout.notes == ("3 files left out as no image by the name's ending (2 with .mp4, 1 with no ending)",)


def test_photographs_outside_every_label_are_counted() -> None:
    layout = arrange(["cat/1.jpg", "dog/1.jpg", "b.jpg", "a.jpg"], where="p")
    assert layout.notes == ("2 photographs left out: outside every label's folder (the first: a.jpg)",)
    test_only = arrange(
        ["train/a/1.jpg", "train/b/1.jpg", "val/a/2.jpg", "val/b/2.jpg", "test/3.jpg", "extra/a/4.jpg"], where="p"
    )
    assert test_only.notes == ("2 photographs left out: outside every label's folder (the first: extra/a/4.jpg)",)
    assert {photo.split for photo in test_only.photos} == {"train", "val"}


def test_empty_folders_are_said() -> None:
    folders = ["cat", "dog", "fish", "fish/deep", "cat/fine"]
    assert arrange(["cat/1.jpg", "dog/1.jpg"], folders, where="p").notes == ("no photographs in fish: left out",)
    layout = arrange(
        ["t/train/a/1.jpg", "t/train/b/1.jpg"],
        ["t", "t/train", "t/train/a", "t/train/b", "t/train/c", "t/val", "t/val/a"],
        where="p",
    )
    assert layout.notes[-1] == "no photographs in t/train/c, t/val: left out"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            [],
            r"p holds no photographs \(\.jpg, \.png, \.webp, \.heic and the like\): expected SOURCE/label/photo\.jpg",
        ),
        (["a.txt", "cat/b.mp4"], r"p holds no photographs"),
        (
            ["1.jpg", "2.jpg"],
            r"p: every photograph lies outside a label's folder \(the first: 1\.jpg\): expected SOURCE",
        ),
        (["cat/1.jpg", "cat/2.jpg"], r"p has one label only \('cat', 2 photographs\): two or more .* expected SOURCE"),
        (["train/cat/1.jpg", "val/cat/2.jpg"], r"p has one label only \('cat', 2 photographs\)"),
        (["train/1.jpg", "val/2.jpg"], r"p: photographs lie directly in 'train', without a label: expected SOURCE"),
        (
            ["train/a/1.jpg", "val/a/1.jpg", "Valid/b/1.jpg"],
            r"p: 'val' and 'Valid' both mean the split val: join them or rename one",
        ),
        (["Train/a/1.jpg", "train/b/1.jpg"], r"p: 'Train' and 'train' both mean the split train"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_in_one_line(files: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}") as caught:
        arrange(files, where="p")
    assert "\n" not in str(caught.value)
