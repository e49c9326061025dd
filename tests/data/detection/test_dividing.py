"""Photographs with boxes are held out category by category."""

import dataclasses
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.data.detection.dividing import divide_detection
from mobilenets.data.detection.objects import Objects
from mobilenets.data.detection.opening import open_detection
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.data.split import read_split, write_split
from mobilenets.errors import UsageError

PIXEL = np.zeros((1, 1, 3), dtype=np.uint8)


def _objects(labels: str) -> Objects:
    count = len(labels)
    none = np.zeros(count, dtype=np.bool_)
    boxes = np.tile([0.0, 0.0, 1.0, 1.0], (count, 1))
    return Objects((1, 1), boxes, tuple(labels), none, none, np.ones(count))


def _collection(*photographs: str) -> Collection:
    """A photograph a word, a box of a category a letter."""
    examples = (
        Example(ArrayPhoto(f"{number}.png", PIXEL), objects=_objects(labels))
        for number, labels in enumerate(photographs)
    )
    return Collection(name="zoo", examples=tuple(examples), categories=dict(enumerate("abcdef")))


def _held(collection: Collection) -> set[str]:
    return {one.photo.name for one in collection.part("val")}


@settings(max_examples=80)
@given(
    photographs=st.lists(st.text("abcdef", max_size=4), min_size=2, max_size=40),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 9),
)
def test_both_sides_have_photographs_and_each_category_is_learnt(
    photographs: list[str], fraction: float, seed: int
) -> None:
    divided = divide_detection(_collection(*photographs), fraction=fraction, seed=seed)
    assert divided.splits == ("train", "val")
    learnt = Counter(letter for one in divided.part("train") for letter in set((one.objects or _objects("")).labels))
    count = Counter(letter for letters in photographs for letter in set(letters))
    assert all(learnt[letter] for letter in count if count[letter] > 1)


@settings(max_examples=60)
@given(photographs=st.lists(st.sampled_from("abc"), min_size=9, max_size=60), seed=st.integers(0, 9))
def test_a_category_that_occurs_often_enough_is_held_out(photographs: list[str], seed: int) -> None:
    divided = divide_detection(_collection(*photographs), fraction=0.2, seed=seed)
    held = Counter((one.objects or _objects("")).labels[0] for one in divided.part("val"))
    for letter, count in Counter(photographs).items():
        assert held[letter] == round(0.2 * count)


def test_a_common_category_among_rare_ones_is_held_out() -> None:
    """All photographs of `a` have a rarer category, each of them alone: these go to train and would take `a` along."""
    divided = divide_detection(_collection("ab", "ac", "ad", "ae", "af", "a", "a"), fraction=0.2, seed=0)
    assert "a" in {label for one in divided.part("val") for label in (one.objects or _objects("")).labels}
    assert "5 categories in train alone, for want of photographs: b, c, d, e, f" in divided.notes[-1]


def test_which_ones_follows_from_the_seed_and_not_from_the_order() -> None:
    collection = _collection(*20 * ["a", "b", "ab", "", "c"])
    turned = replace(collection, examples=collection.examples[::-1])
    one, other, another = (
        divide_detection(each, fraction=0.2, seed=seed)
        for each, seed in ((collection, 1), (turned, 1), (collection, 2))
    )
    assert _held(one) == _held(other) != _held(another)
    assert f"{len(_held(one))} of 100 photographs held out as val (about 20% of each category, seed 1)" in one.notes[-1]
    assert abs(len(_held(one)) - 20) <= 3


def test_what_nobody_has_to_find_is_no_reason_to_hold_out() -> None:
    collection = _collection(*10 * ["a"])
    examples = [
        replace(one, objects=dataclasses.replace(_objects("a"), crowd=np.array([True]))) for one in collection.examples
    ]
    divided = divide_detection(replace(collection, examples=tuple(examples)), fraction=0.2, seed=0)
    assert len(divided.part("val")) == 2 and "train alone" not in divided.notes[-1]


def test_splits_that_are_there_stay_and_bad_fractions_are_refused() -> None:
    collection = _collection("a", "b")
    split = replace(collection, examples=tuple(replace(one, split="test") for one in collection.examples))
    assert divide_detection(split, fraction=0.2, seed=0) is split
    with pytest.raises(UsageError, match="val-fraction 1 is outside"):
        divide_detection(collection, fraction=1, seed=0)


def test_the_split_is_written_down_and_found_again(shared_data: Path, tmp_path: Path) -> None:
    whole = open_detection(str(shared_data / "coco_mini" / "annotations" / "instances_train2017.json"))
    divided = divide_detection(whole, fraction=0.25, seed=3)
    assert 15 <= len(divided.part("val")) <= 25
    write_split(tmp_path / "split.csv", divided)
    again = read_split(tmp_path / "split.csv", whole)
    assert [one.split for one in again.examples] == [one.split for one in divided.examples]
    assert again.categories == whole.categories and again.examples[0].objects is whole.examples[0].objects
