"""What outputs are called."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.errors import UsageError
from mobilenets.weights.imagenet import class_names, read_class_names, told_apart


def test_imagenet_by_the_number_of_outputs() -> None:
    assert class_names(1000)[0] == "tench"
    assert class_names(1001)[:2] == ("background", "tench")
    assert class_names(3) == ("class_0", "class_1", "class_2")
    assert {len(set(class_names(outputs))) for outputs in (1000, 1001)} == {1000, 1001}


def test_names_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_text("\ufeffcat\r\n  dog \r\nnaïve owl\r\n\r\n", encoding="utf-8")
    assert read_class_names(file, outputs=3) == ("cat", "dog", "naïve owl")


def test_the_official_labels_have_a_class_twice(shared_data: Path) -> None:
    names = read_class_names(shared_data / "weights" / "imagenet_labels.txt", outputs=1001)
    assert names[:2] == ("background", "tench, Tinca tinca")
    assert (names[135], names[518]) == ("crane (135)", "crane (518)")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"cat\ndog\n", "has 2 names and the network 3 outputs"),
        (b"cat\n\ndog\n", "line 2 is empty"),
        (b"cat\n\xff\ndog", "is no text in UTF-8"),
        (b"", "has 0 names"),
    ],
)
def test_another_file_is_one_line(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=words) as caught:
        read_class_names(file, outputs=3)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"labels\.txt cannot be read: No such file"):
        read_class_names(tmp_path / "labels.txt", outputs=3)


@given(st.lists(st.text(alphabet="ab (0)1'", max_size=6), max_size=8))
def test_names_are_told_apart_and_single_ones_stay(names: list[str]) -> None:
    apart = told_apart(names)
    assert len(set(apart)) == len(names)
    assert all(new == old for new, old in zip(apart, names, strict=True) if names.count(old) == 1)
    assert all(new.startswith(old) for new, old in zip(apart, names, strict=True))
