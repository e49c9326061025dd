"""The nearest vectors against a plain search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.maths import retrieval
from mobilenets.maths.retrieval import nearest


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 999), asked=st.integers(1, 9), known=st.integers(1, 30), count=st.integers(1, 40))
def test_they_are_those_of_a_plain_search(seed: int, asked: int, known: int, count: int) -> None:
    random = np.random.default_rng(seed)
    vectors, others = (random.normal(size=(many, 6)).astype(np.float32) for many in (asked, known))
    found = nearest(vectors, others, count=count)
    assert found.rows.shape == (asked, min(count, known))
    for row, vector in enumerate(vectors):
        alike = others @ vector / np.linalg.norm(others, axis=1) / np.linalg.norm(vector)
        np.testing.assert_allclose(found.similarity[row], np.sort(alike)[::-1][:count], atol=1e-5)
        np.testing.assert_allclose(alike[found.rows[row]], found.similarity[row], atol=1e-5)


def test_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    vectors, others = (random.normal(size=(many, 4)).astype(np.float32) for many in (50, 20))
    whole = nearest(vectors, others, count=3)
    monkeypatch.setattr(retrieval, "_MOST", 60)
    assert nearest(vectors, others, count=3).rows.tolist() == whole.rows.tolist()


def test_equals_stand_in_their_order_and_zeros_are_no_error() -> None:
    found = nearest(np.zeros((1, 3), np.float32), np.eye(3, dtype=np.float32), count=2)
    assert (found.rows.tolist(), found.similarity.tolist()) == ([[0, 1]], [[0.0, 0.0]])
