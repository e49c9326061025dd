"""Distances and means on the sphere, where flat ones go wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.maths.sphere import (
    EARTH_RADIUS_KM,
    chord,
    coordinates,
    great_circle_km,
    mean_places,
    unit_vectors,
)

_PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
_HALF_ROUND = np.pi * EARTH_RADIUS_KM


def _km(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(great_circle_km(np.array(one), np.array(other)))


def _mean(*places: tuple[float, float]) -> tuple[float, float]:
    latitude, longitude = np.array(places).T
    middle = mean_places(unit_vectors(latitude, longitude), np.zeros(len(places), dtype=np.int64), count=1)[0]
    return float(middle[0]), float(middle[1])


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        ((0.0, 0.0), (0.0, 90.0), _HALF_ROUND / 2),
        ((90.0, 12.0), (-90.0, -77.0), _HALF_ROUND),
        ((0.0, 0.0), (0.0, 180.0), _HALF_ROUND),
        ((10.0, 179.9), (10.0, -179.9), 21.901),
        ((90.0, 0.0), (90.0, 123.0), 0.0),
        ((52.5, 13.4), (52.5, 13.4), 0.0),
        ((52.5, 13.4), (52.50001, 13.4), 0.0011119),
    ],
)
def test_distances(one: tuple[float, float], other: tuple[float, float], kilometres: float) -> None:
    assert _km(one, other) == pytest.approx(kilometres, rel=1e-4, abs=1e-6)


@settings(deadline=None)
@given(one=_PLACES, other=_PLACES)
def test_a_distance_is_the_angle_between_vectors(one: tuple[float, float], other: tuple[float, float]) -> None:
    a, b = unit_vectors(*np.array([one, other]).T)
    angle = np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)
    assert _km(one, other) == pytest.approx(angle * EARTH_RADIUS_KM, rel=1e-6, abs=1e-3)
    assert _km(one, other) == _km(other, one) <= _HALF_ROUND * (1 + 1e-12)
    assert np.linalg.norm(a - b) == pytest.approx(chord(_km(one, other)), abs=1e-7)


@settings(deadline=None)
@given(place=_PLACES)
def test_vectors_give_their_place_back(place: tuple[float, float]) -> None:
    again = coordinates(unit_vectors(*np.array([place]).T))[0]
    assert _km(place, (again[0], again[1])) < 1e-6


def test_a_mean_crosses_the_antimeridian_and_the_pole() -> None:
    latitude, longitude = _mean((10.0, 179.0), (10.0, -177.0))
    assert latitude == pytest.approx(10.0, abs=0.1)
    assert longitude == pytest.approx(-179.0)
    assert _mean((80.0, 0.0), (80.0, 180.0))[0] == pytest.approx(90.0)


def test_means_are_of_their_own_groups() -> None:
    places = np.array([[10.0, 20.0], [-30.0, 40.0], [12.0, 20.0]])
    means = mean_places(unit_vectors(*places.T), np.array([2, 0, 2]), count=3)
    np.testing.assert_allclose(means[[0, 2]], [[-30.0, 40.0], [11.0, 20.0]])
