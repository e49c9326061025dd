"""Holding out: stratified, repeatable, independent of order, written down and read again."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mobilenets.data.manifest import read_manifest
from mobilenets.data.photos import Collection, Example, FilePhoto
from mobilenets.data.split import read_split, split_collection, split_labels, veil_split, write_split
from mobilenets.errors import JobError, UsageError


def collection(folder: Path = Path(), **counts: int) -> Collection:
    examples = [
        Example(FilePhoto(f"{label}/{number}.jpg", folder), label)
        for label, count in counts.items()
        for number in range(count)
    ]
    return Collection(name="photos", examples=tuple(examples))


def sides(found: Collection) -> dict[str, str | None]:
    return {example.photo.name: example.split for example in found.examples}


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 30), min_size=1),
    st.floats(0.001, 0.999),
    st.integers(0, 2**32 - 1),
)
def test_every_label_is_divided_and_none_loses_all(counts: dict[str, int], fraction: float, seed: int) -> None:
    found = split_collection(collection(**counts), fraction=fraction, seed=seed)
    held = Counter(example.label for example in found.part("val"))
    kept = Counter(example.label for example in found.part("train"))
    for label, count in counts.items():
        assert held[label] + kept[label] == count
        assert kept[label] >= 1
        assert held[label] >= 1 or count == 1
        assert abs(held[label] - fraction * count) <= 1


def test_the_order_of_files_and_other_labels_do_not_matter() -> None:
    whole = collection(a=40, b=40)
    found = sides(split_collection(whole, fraction=0.25, seed=3))
    mixed = list(whole.examples)
    random.Random(0).shuffle(mixed)
    assert sides(split_collection(replace(whole, examples=tuple(mixed)), fraction=0.25, seed=3)) == found
    alone = sides(split_collection(collection(a=40), fraction=0.25, seed=3))
    assert alone.items() <= found.items()
    assert sides(split_collection(whole, fraction=0.25, seed=4)) != found


def test_the_same_photographs_are_held_out_for_ever() -> None:
    found = split_collection(collection(a=10), fraction=0.3, seed=0)
    assert [example.photo.name for example in found.part("val")] == HELD_OUT


HELD_OUT = ["a/3.jpg", "a/4.jpg", "a/7.jpg"]


def test_it_is_said() -> None:
    found = split_collection(collection(a=10, b=10, c=1), fraction=0.2, seed=7)
    assert found.notes == (
        "no split in photos: 4 of 21 photographs held out as val (20% of each label, seed 7)",
        "1 label with one photograph, which is in train: c",
    )


def test_what_is_split_already_is_left_alone() -> None:
    split = Collection(name="c", examples=(Example(FilePhoto("1", Path()), "a", "test"),))
    assert split_collection(split, fraction=0.2, seed=0) is split


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, float("nan")])
def test_a_fraction_must_leave_something_on_both_sides(fraction: float) -> None:
    with pytest.raises(UsageError, match=r"val-fraction .* is outside"):
        split_collection(collection(a=4), fraction=fraction, seed=0)


ODD_NAMES = [
    'a/with "quotes", and comma.jpg',
    "a/ leading blank.jpg",
    "b/two\nlines.jpg",
    "b/no\udcffutf8.jpg",
    "a/ä.jpg",
]


def test_written_and_read_again_it_is_the_same(tmp_path: Path) -> None:
    examples = tuple(Example(FilePhoto(name, Path()), name[0]) for name in ODD_NAMES)
    whole = replace(collection(a=9, b=9), examples=(*collection(a=9, b=9).examples, *examples))
    found = split_collection(whole, fraction=0.3, seed=1)
    write_split(tmp_path / "run" / "split.csv", found)
    assert read_split(tmp_path / "run" / "split.csv", whole).examples == found.examples


def test_beside_the_photographs_it_is_a_manifest(tmp_path: Path) -> None:
    whole = collection(tmp_path, a=5, b=5)
    for example in whole.examples:
        (tmp_path / example.photo.name).parent.mkdir(exist_ok=True)
        (tmp_path / example.photo.name).write_bytes(b"")
    found = split_collection(whole, fraction=0.4, seed=0)
    write_split(tmp_path / "split.csv", found)
    assert sides(read_manifest(tmp_path / "split.csv")) == sides(found)


def test_photographs_that_changed_since_are_named(tmp_path: Path) -> None:
    path = tmp_path / "split.csv"
    write_split(path, split_collection(collection(a=5, b=5), fraction=0.4, seed=0))
    with pytest.raises(UsageError, match=r"photos has changed since .*: 2 photographs new \(the first: b/5\.jpg\)"):
        read_split(path, collection(a=5, b=7))
    with pytest.raises(UsageError, match=r"1 photograph gone \(the first: a/4\.jpg\); put them back"):
        read_split(path, collection(a=4, b=5))
    whole = collection(a=5, b=5)
    other = replace(whole, examples=(replace(whole.examples[0], label="c"), *whole.examples[1:]))
    with pytest.raises(UsageError, match=r"1 photograph labelled otherwise \(the first: a/0\.jpg\)"):
        read_split(path, other)


def _veiled(tmp_path: Path, found: Collection) -> Path:
    write_split(tmp_path / "split.csv", found)
    veil_split(tmp_path / "split.csv", tmp_path / "veiled.csv")
    return tmp_path / "veiled.csv"


def test_veiled_it_divides_alike_and_names_nothing(tmp_path: Path) -> None:
    examples = tuple(Example(FilePhoto(name, Path()), "owl") for name in ODD_NAMES)
    whole = replace(collection(owl=9), examples=(*collection(owl=9).examples, *examples))
    found = split_collection(whole, fraction=0.3, seed=1)
    path = _veiled(tmp_path, found)
    assert read_split(path, whole).examples == found.examples
    text = path.read_text()
    assert "owl" not in text
    assert "jpg" not in text
    hashes = [line.split(",")[0] for line in text.splitlines()[1:]]
    assert hashes == sorted(hashes)  # not in the order of the names
    assert len(set(hashes)) == 14


def test_photographs_that_changed_since_do_not_fit_a_veiled_split(tmp_path: Path) -> None:
    path = _veiled(tmp_path, split_collection(collection(a=5, b=5), fraction=0.4, seed=0))
    with pytest.raises(UsageError, match=r"2 photographs new or labelled otherwise \(the first: b/5\.jpg\); put them"):
        read_split(path, collection(a=5, b=7))
    with pytest.raises(UsageError, match=r"photos has changed since .*: 1 photograph gone; put them back"):
        read_split(path, collection(a=4, b=5))
    whole = collection(a=5, b=5)
    other = replace(whole, examples=(replace(whole.examples[0], label="c"), *whole.examples[1:]))
    with pytest.raises(UsageError, match=r"1 photograph new or labelled otherwise \(the first: a/0\.jpg\)"):
        read_split(path, other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,label\na/0.jpg,a\n", "has the columns file, label: needed are file, label, split"),
        ("file,label,split\na/0.jpg,a,hold\n", "line 2: the split is 'hold': use train, val, test"),
        ("sha256,split\n0,hold\n", "line 2: the split is 'hold': use train, val, test"),
    ],
)
def test_a_table_that_is_no_split(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "split.csv").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_split(tmp_path / "split.csv", collection(a=1))


def test_where_it_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot be written"):
        write_split(tmp_path / "file" / "split.csv", collection(a=1))


@settings(deadline=None, max_examples=60)
@given(
    counts=st.lists(st.integers(1, 12), min_size=4, max_size=20),
    fraction=st.floats(0.05, 0.6),
    seed=st.integers(0, 99),
)
def test_whole_labels_are_held_out(counts: list[int], fraction: float, seed: int) -> None:
    assume(sum(count > 1 for count in counts) >= 2)
    people = collection(**{f"p{place}": count for place, count in enumerate(counts)})
    divided = split_labels(people, fraction=fraction, seed=seed)
    train, val = ({one.label for one in divided.part(split)} for split in ("train", "val"))
    assert not train & val
    for part in ("train", "val"):
        held = Counter(one.label for one in divided.part(part))
        assert len(held) >= 2
        assert max(held.values()) >= 2
    shuffled = replace(people, examples=tuple(reversed(people.examples)))
    again = split_labels(shuffled, fraction=fraction, seed=seed)
    assert {one.photo.name: one.split for one in again.examples} == {
        one.photo.name: one.split for one in divided.examples
    }


def test_about_the_fraction_is_held_out() -> None:
    divided = split_labels(collection(**{f"p{place}": 10 for place in range(50)}), fraction=0.2, seed=3)
    assert len(divided.part("val")) == 100
    assert "10 labels with 100 photographs of 500 held out as val (whole labels, seed 3)" in divided.notes[0]


def test_whole_labels_cannot_be_held_out_of_too_few() -> None:
    for people in (collection(a=5, b=5, c=5), collection(a=9, b=1, c=1, d=1)):
        with pytest.raises(UsageError, match="takes four, two of them with two"):
            split_labels(people, fraction=0.2, seed=0)


def test_whole_labels_that_come_divided_stay_so() -> None:
    people = collection(a=2, b=2)
    divided = replace(people, examples=tuple(replace(one, split="train") for one in people.examples))
    assert split_labels(divided, fraction=0.2, seed=0) is divided
