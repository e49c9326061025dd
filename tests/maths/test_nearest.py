"""Nearest neighbours block by block are those of the whole table."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.maths import nearest
from mobilenets.maths.nearest import Block, Nearest, feature_blocks, hash_blocks

hashes = st.lists(st.integers(0, 2**64 - 1), max_size=12).map(lambda values: np.array(values, np.uint64))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_ROWS", "_HASHES", "_VECTORS"):
        monkeypatch.setattr(nearest, name, 3)


def _all(blocks: Iterator[Block], count: int) -> Nearest:
    found = Nearest(count)
    for block in blocks:
        found.take(block)
    return found


@settings(deadline=None)
@given(hashes, hashes, st.sampled_from([0, 0xFF, 2**64 - 1]))
def test_hashes_are_counted_bit_by_bit(rows: np.ndarray, columns: np.ndarray, turned: int) -> None:
    found = _all(hash_blocks(rows, columns, turned=turned), len(rows))
    for place, row in enumerate(rows.tolist()):
        apart = [min((row ^ one).bit_count(), (row ^ turned ^ one).bit_count()) for one in columns.tolist()]
        assert found.places[place] == (apart.index(min(apart)) if apart else -1)
        assert found.distances[place] == (min(apart) if apart else np.inf)


@settings(deadline=None)
@given(st.integers(0, 8), st.integers(0, 8), st.integers(0, 1000))
def test_features_by_their_cosine(rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    first, second = (random.normal(size=(count, 5)).astype(np.float32) for count in (rows, columns))
    first, second = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (first, second))
    found = _all(feature_blocks(first, second), rows)
    whole = 1 - first @ second.T
    if columns:
        assert np.array_equal(found.places, whole.argmin(1))
        assert np.allclose(found.distances, whole.min(1), atol=1e-6)
    else:
        assert (found.places == -1).all()


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(0, 1000))
def test_only_allowed_pairs_count(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 2**63, count, dtype=np.uint64)
    allowed = random.random((count, count)) < 0.4
    found = Nearest(count)
    for block in hash_blocks(rows, rows):
        found.take(block, allowed=allowed[block.rows, block.columns])
    for place in range(count):
        apart = {other: int(rows[place] ^ rows[other]).bit_count() for other in np.flatnonzero(allowed[place]).tolist()}
        assert found.places[place] == (min(apart, key=lambda other: (apart[other], other)) if apart else -1)


def test_equals_go_to_the_first_column() -> None:
    same = np.array([7] * 8, np.uint64)
    assert _all(hash_blocks(same[:1], same), 1).places.tolist() == [0]


def test_memory_does_not_grow_with_the_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    many = np.zeros(5000, np.uint64)
    assert max(block.distances.nbytes for block in hash_blocks(many, many)) <= 512 * 1024
    vectors = np.zeros((5000, 2), np.float32)
    assert max(block.distances.nbytes for block in feature_blocks(vectors, vectors)) <= 512 * 4096 * 4
