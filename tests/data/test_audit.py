"""What is wrong with a collection, said plainly."""

from pathlib import Path

import pytest

from mobilenets.data.audit import check_bad, duplicates, label_mismatches, need_two_labels
from mobilenets.data.photos import Collection, Example, FilePhoto
from mobilenets.errors import JobError, UsageError


def collection(*examples: tuple[str, str | None, str | None]) -> Collection:
    return Collection(
        name="c", examples=tuple(Example(FilePhoto(name, Path()), label, split) for name, label, split in examples)
    )


def test_a_few_bad_photographs_are_named_and_counted() -> None:
    assert check_bad({}, 100) is None
    assert check_bad({}, 0, strict=True) is None
    assert check_bad({"a.jpg": "truncated"}, 100) == (
        "1 of 100 photographs cannot be used: a.jpg (truncated); left out"
    )
    many = {f"{number}.jpg": "empty file" for number in (10, 9, 8, 7, 6)}
    assert check_bad(many, 2_000) == (
        "5 of 2,000 photographs cannot be used: 6.jpg (empty file), 7.jpg (empty file), 8.jpg (empty file) "
        "and 2 more; left out"
    )


@pytest.mark.parametrize(("bad", "total", "stops"), [(1, 100, False), (2, 199, True), (2, 200, False), (1, 1, True)])
def test_more_than_one_in_a_hundred_stops(bad: int, total: int, stops: bool) -> None:
    reasons = {f"{number}.jpg": "truncated" for number in range(bad)}
    if not stops:
        assert check_bad(reasons, total) is not None
        return
    with pytest.raises(
        JobError, match=rf"^{bad} of {total} .*0\.jpg \(truncated\).*; at most 1% may be: repair or remove"
    ):
        check_bad(reasons, total)


def test_strict_allows_none() -> None:
    with pytest.raises(
        JobError, match=r"^1 of 9,999 photographs cannot be used: a\.jpg \(gone\); --strict allows none"
    ):
        check_bad({"a.jpg": "gone"}, 9_999, strict=True)


def test_two_labels_are_needed() -> None:
    need_two_labels(["a", None, "b"], where="x")
    with pytest.raises(
        UsageError, match=r"^x has one label only \('a', 2 photographs\): two or more labels are needed!$"
    ):
        need_two_labels(["a", None, "a"], where="x", remedy="!")
    with pytest.raises(UsageError, match=r"^x has no labelled photograph: two or more"):
        need_two_labels([None], where="x")


def test_labels_that_one_split_lacks_are_said() -> None:
    assert label_mismatches(collection(("1", "a", None), ("2", "b", None))) == ()
    assert label_mismatches(collection(("1", "a", "val"), ("2", "b", "test"))) == ()
    assert label_mismatches(collection(("1", "a", "train"), ("2", "a", "val"))) == ()
    assert label_mismatches(
        collection(
            ("1", "a", "train"), ("2", "b", "train"), ("3", "b", "val"), ("4", "c", "val"), ("5", "c", "val"),
            ("6", "a", "test"), ("7", "b", "test"), ("8", "d", "test"), ("9", "e", "test"),
        )
    ) == (
        "val has the label c (2 photographs), which train lacks",
        "val has no photograph of the label a, which train has",
        "test has the labels d, e (2 photographs), which train lacks",
    )  # fmt: skip


def test_the_same_content_in_two_splits_is_said() -> None:
    found = collection(
        ("t/1", "a", "train"), ("t/2", "a", "train"), ("t/3", "b", "train"),
        ("v/1", "a", "val"), ("v/2", "a", "val"), ("v/3", "b", "val"), ("v/4", "b", "val"),
    )  # fmt: skip
    contents = {"t/1": "x", "t/2": "x", "t/3": "y", "v/1": "x", "v/2": "z", "v/3": "y"}
    assert duplicates(found, contents) == (
        "2 photographs of val also in train (the first: v/1 is t/1): the score on val flatters",
    )
    assert duplicates(found, {}) == ()
    assert duplicates(found, {"t/1": "x", "t/2": "x"}) == ()


def test_the_same_content_under_two_labels_is_said() -> None:
    found = collection(("1", "a", None), ("2", "b", None), ("3", "b", None))
    assert duplicates(found, {"1": "x", "2": "x", "3": "y"}) == (
        "1 photograph under more than one label (the first: 1 as 'a' is 2 as 'b')",
    )
