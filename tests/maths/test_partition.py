"""The adaptive partition against a plain one that asks each photograph for its cell."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobilenets.maths.cells import FINEST, centres, faces, leaf_ids, levels, parents
from mobilenets.maths.partition import FEWEST_FOR_MEAN, partition
from mobilenets.maths.sphere import coordinates, great_circle_km, unit_vectors

Floats = NDArray[np.float64]


def _drawn(seed: int, count: int) -> tuple[Floats, Floats]:
    """Places around a few towns, some far from all."""
    random = np.random.default_rng(seed)
    towns = random.normal(size=(5, 3))
    near = towns[random.integers(0, 5, count)] + random.normal(size=(count, 3)) * random.choice(
        [1e-4, 0.05, 1], (count, 1)
    )
    latitude, longitude = coordinates(near).T
    return latitude, longitude


def _plain(latitude: Floats, longitude: Floats, *, most: int, finest: int) -> dict[int, int]:
    """Photographs by cell, one level after the other."""
    leaves = leaf_ids(latitude, longitude)
    kept: dict[int, int] = {}
    for level in range(finest + 1):
        counts = Counter(int(cell) for cell in parents(leaves, level))
        full = {cell for cell, count in counts.items() if count > most and level < finest}
        kept |= {cell: count for cell, count in counts.items() if cell not in full}
        leaves = leaves[[int(cell) in full for cell in parents(leaves, level)]]
    return kept


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 999),
    count=st.integers(1, 300),
    most=st.integers(1, 60),
    fewest=st.integers(1, 12),
    finest=st.integers(0, FINEST),
)
def test_cells_and_counts_are_the_plain_ones(seed: int, count: int, most: int, fewest: int, finest: int) -> None:
    latitude, longitude = _drawn(seed, count)
    found = partition(latitude, longitude, most=most, fewest=fewest, finest=finest)
    every = _plain(latitude, longitude, most=most, finest=finest)
    kept = {cell: number for cell, number in sorted(every.items()) if number >= fewest}
    assert dict(zip(found.ids.tolist(), found.counts.tolist(), strict=True)) == kept
    assert found.ids.tolist() == list(kept)
    assert (found.dropped, found.dropped_cells) == (count - sum(kept.values()), len(every) - len(kept))
    assert found.crowded == sum(number > most for number in every.values())


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), count=st.integers(1, 200))
def test_each_photograph_is_found_in_its_cell_or_in_none(seed: int, count: int) -> None:
    latitude, longitude = _drawn(seed, count)
    found = partition(latitude, longitude, most=20, fewest=4)
    places = found.find(leaf_ids(latitude, longitude))
    assert np.bincount(places[places >= 0], minlength=len(found)).tolist() == found.counts.tolist()
    assert (places < 0).sum() == found.dropped
    everywhere = found.find(leaf_ids(*centres(found.ids).T)) if len(found) else np.empty(0)
    assert everywhere.tolist() == list(range(len(found)))


def test_a_place_is_the_mean_of_the_photographs_kept() -> None:
    latitude, longitude = _drawn(3, 400)
    found = partition(latitude, longitude, most=80, fewest=FEWEST_FOR_MEAN)
    assert found.dropped > 0
    vectors, places = unit_vectors(latitude, longitude), found.find(leaf_ids(latitude, longitude))
    for place in range(len(found)):
        mean = coordinates(vectors[places == place].mean(0, keepdims=True))
        assert great_circle_km(mean, found.places[place : place + 1])[0] < 1e-6


def test_the_mean_of_a_few_is_not_told() -> None:
    """Two photographs and their cell's middle: nobody learns where they were taken."""
    latitude, longitude = np.array([48.85837, 48.85838]), np.array([2.29448, 2.29449])
    found = partition(latitude, longitude, most=10, fewest=1)
    assert found.places.tolist() == centres(found.ids).tolist()
    assert levels(found.ids).tolist() == [0]
    assert great_circle_km(found.places[0], np.array([48.85837, 2.29448])) > 1000


def test_photographs_of_one_spot_cannot_be_told_apart() -> None:
    latitude, longitude = np.full(30, 48.85837), np.full(30, 2.29448)
    found = partition(latitude, longitude, most=10, fewest=1)
    assert (len(found), found.crowded, found.counts.tolist()) == (1, 1, [30])
    assert levels(found.ids).tolist() == [FINEST]
    coarse = partition(latitude, longitude, most=10, fewest=1, finest=8)
    assert (levels(coarse.ids).tolist(), coarse.crowded) == ([8], 1)


def test_few_photographs_leave_the_faces_whole() -> None:
    latitude, longitude = _drawn(1, 100)
    found = partition(latitude, longitude, most=100, fewest=1)
    assert set(found.ids.tolist()) <= set(faces().tolist())


@pytest.mark.parametrize("count", [0, 3])
def test_nothing_may_be_left(count: int) -> None:
    found = partition(*_drawn(1, count), most=10, fewest=4)
    assert len(found) == 0
    assert found.find(leaf_ids(np.array([1.0]), np.array([2.0]))).tolist() == [-1]
