"""Similarities of the plane from two points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.maths.similarity import Point, similarity

_POINTS = st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000))


def _pairs(apart: float) -> st.SearchStrategy[tuple[Point, Point]]:
    return st.tuples(_POINTS, _POINTS).filter(lambda pair: np.hypot(*np.subtract(*pair)) > apart)


@given(_pairs(1.0), _pairs(0.0))
def test_the_points_come_onto_the_others(points: tuple[Point, Point], onto: tuple[Point, Point]) -> None:
    matrix = similarity(points, onto)
    moved = np.array(points) @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(moved, onto, rtol=0, atol=1e-6)


@given(_pairs(1.0), _pairs(1.0))
def test_it_turns_and_scales_and_does_no_more(points: tuple[Point, Point], onto: tuple[Point, Point]) -> None:
    turn = similarity(points, onto)[:, :2]
    factor = np.hypot(*np.subtract(*onto)) / np.hypot(*np.subtract(*points))
    np.testing.assert_allclose(turn @ turn.T, factor**2 * np.eye(2), rtol=1e-9, atol=1e-9 * factor**2)
    assert np.linalg.det(turn) > 0


def test_points_where_they_belong_stay() -> None:
    points = ((3.0, 4.0), (10.0, 2.0))
    np.testing.assert_allclose(similarity(points, points), [[1, 0, 0], [0, 1, 0]], atol=1e-12)


def test_one_point_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="a similarity takes two"):
        similarity(((1.0, 2.0), (1.0, 2.0)), ((0.0, 0.0), (1.0, 0.0)))
