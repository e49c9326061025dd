"""Whole spots are held out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.data.geotags.collection import places_of
from mobilenets.data.geotags.dividing import hold_out_spots
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.errors import UsageError
from mobilenets.maths.sphere import great_circle_km

PIXEL = np.zeros((1, 1, 3), dtype=np.uint8)


def _collection(*places: tuple[float, float]) -> Collection:
    examples = tuple(
        Example(ArrayPhoto(f"{number}.png", PIXEL), fields={"latitude": str(latitude), "longitude": str(longitude)})
        for number, (latitude, longitude) in enumerate(places)
    )
    return Collection(name="trip", examples=examples)


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 99), spots=st.lists(st.integers(1, 9), min_size=2, max_size=12), fraction=st.floats(0.05, 0.95)
)
def test_no_spot_is_on_both_sides_and_neither_side_is_empty(seed: int, spots: list[int], fraction: float) -> None:
    places = [(10.0 + number, 20.0) for number, many in enumerate(spots) for _ in range(many)]
    divided = hold_out_spots(_collection(*places), fraction=fraction, seed=seed)
    train, val = (places_of(divided.part(split)) for split in ("train", "val"))
    assert len(train) and len(val)
    assert len(train) + len(val) == len(places)
    assert great_circle_km(train[:, None], val[None]).min() > 100
    assert len(val) <= max(fraction * len(places) + max(spots) / 2, min(spots))


def test_which_spots_does_not_follow_from_their_order() -> None:
    collection = _collection(*((float(number), 30.0) for number in range(40)))
    turned = replace(collection, examples=collection.examples[::-1])
    one, other = (hold_out_spots(each, fraction=0.25, seed=1) for each in (collection, turned))
    assert {each.photo.name for each in one.part("val")} == {each.photo.name for each in other.part("val")}
    assert len(one.part("val")) == 10
    another = hold_out_spots(collection, fraction=0.25, seed=2)
    assert {each.photo.name for each in one.part("val")} != {each.photo.name for each in another.part("val")}
    assert "10 of 40 photographs held out as val, spots of 300 m as a whole (25%, seed 1)" in one.notes[-1]


def test_one_spot_cannot_be_divided() -> None:
    with pytest.raises(UsageError, match="all 3 photographs are of one spot"):
        hold_out_spots(_collection(*3 * [(48.85837, 2.29448)]), fraction=0.2, seed=0)


def test_splits_that_are_there_stay() -> None:
    collection = _collection((1.0, 2.0), (3.0, 4.0))
    split = replace(collection, examples=tuple(replace(one, split="train") for one in collection.examples))
    assert hold_out_spots(split, fraction=0.2, seed=0) is split
