"""What names mean, and their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.data.naming import ending, is_companion, is_image, is_system, natural, split_name


@pytest.mark.parametrize("name", ["a.jpg", "A.JPEG", "x.y.Png", "scan.TIFF", "phone.HEIC", "new.avif"])
def test_images_are_known_by_their_ending_in_any_case(name: str) -> None:
    assert is_image(name)


@pytest.mark.parametrize("name", ["jpg", ".jpg", "a.jpg.txt", "a.mp4", "a", "a.jp g"])
def test_other_names_are_no_images(name: str) -> None:
    assert not is_image(name)


def test_what_lies_beside_photographs() -> None:
    assert all(map(is_companion, ["classes.txt", "README", "LICENSE", "labels.CSV", "Thumbs.db"]))
    assert not any(map(is_companion, ["film.mp4", "raw.cr2", "nameless"]))
    assert all(map(is_system, [".DS_Store", "._cat.jpg", "__MACOSX", ".git"]))
    assert not is_system("cat.jpg")
    assert ending("a.tar.GZ") == ".gz" and ending(".hidden") == "" and ending("none") == ""


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("VAL", "val"),
        ("valid", "val"),
        ("Validation", "val"),
        ("test", "test"),
        ("Testing", "test"),
        ("eval", "val"),
        ("train2017", "train"),
        ("val_2012", "val"),
        ("trains", None),
        ("2017", None),
        ("cat", None),
    ],
)
def test_names_of_splits(name: str, split: str | None) -> None:
    assert split_name(name) == split


def test_numbers_sort_by_value_and_folders_stay_together() -> None:
    names = ["img10.jpg", "img2.jpg", "IMG1.jpg", "img02.jpg", "a-b/1.jpg", "a/10.jpg", "a/9.jpg"]
    assert sorted(names, key=natural) == [
        "a/9.jpg",
        "a/10.jpg",
        "a-b/1.jpg",
        "IMG1.jpg",
        "img02.jpg",
        "img2.jpg",
        "img10.jpg",
    ]
    assert sorted(["10", "9", "1" * 5000, "zero"], key=natural) == ["9", "10", "1" * 5000, "zero"]


@given(st.lists(st.text(alphabet="a0129/.\u0663é", max_size=8), max_size=6, unique=True))
def test_the_order_is_total_and_does_not_depend_on_the_start(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=natural) == sorted(backwards, key=natural)
