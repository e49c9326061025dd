"""The nearest vectors, against sorting all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.maths import exact_search
from mobilenets.maths.exact_search import nearest


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 999),
    vectors=st.integers(0, 60),
    count=st.integers(1, 70),
    rows=st.integers(1, 40),
    ties=st.booleans(),
)
def test_they_are_those_that_come_first_when_all_are_sorted(
    seed: int, vectors: int, count: int, rows: int, ties: bool
) -> None:
    random = np.random.default_rng(seed)
    every = random.normal(size=(vectors, 6)).astype(np.float32)
    every = np.sign(every) if ties else every
    every /= np.linalg.norm(every, axis=1, keepdims=True)
    query = np.sign(random.normal(size=6).astype(np.float32)) / np.float32(np.sqrt(6))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(exact_search, "_ROWS", rows)
        found = nearest(every, query, count=count)
    distances = np.clip(2 - 2 * every @ query, 0, 4)
    assert len(found.places) == min(count, vectors)
    np.testing.assert_allclose(found.distances, np.sort(distances)[:count], atol=1e-6)
    np.testing.assert_allclose(distances[found.places], found.distances, atol=1e-6)
    assert len(set(found.places.tolist())) == len(found.places)


def test_of_equally_near_ones_the_earlier_comes_first() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 1, 2, 1]]
    assert nearest(vectors, np.array([0, 1, 0], np.float32), count=2).places.tolist() == [1, 2]
