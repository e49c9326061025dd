"""Scores of places, and the vote among neighbours."""

import numpy as np
import pytest

from mobilenets.maths import geolocation
from mobilenets.maths.geolocation import WITHIN_KM, nearest_of, share_name, shares_within, voted_place
from mobilenets.maths.sphere import great_circle_km

PARIS, LYON, SYDNEY, VERSAILLES = (48.857, 2.352), (45.764, 4.836), (-33.869, 151.209), (48.804, 2.121)


def test_shares_are_of_all_photographs_and_hold_their_limit() -> None:
    shares = shares_within(np.array([0.5, 1.0, 24.0, 199.0, 2500.0, 2500.1, 9000.0, 750.1]))
    assert list(shares) == [share_name(limit) for limit in WITHIN_KM]
    assert list(shares.values()) == [2 / 8, 3 / 8, 4 / 8, 4 / 8, 6 / 8]


def test_one_neighbour_is_its_own_place() -> None:
    assert voted_place(np.array([SYDNEY]), np.array([0.3])) == pytest.approx(SYDNEY)


def test_the_fullest_circle_wins() -> None:
    places = np.array([SYDNEY, PARIS, LYON, VERSAILLES])
    found = voted_place(places, np.array([0.9, 0.6, 0.5, 0.6]))
    assert found == pytest.approx(((48.857 + 48.804) / 2, (2.352 + 2.121) / 2), abs=1e-3)
    assert voted_place(places, np.array([0.9, 0.3, 0.5, 0.3])) == pytest.approx(SYDNEY)


def test_of_equal_circles_the_nearest_neighbour_s_wins() -> None:
    assert voted_place(np.array([LYON, SYDNEY]), np.ones(2)) == pytest.approx(LYON)
    assert voted_place(np.array([SYDNEY, LYON]), np.ones(2)) == pytest.approx(SYDNEY)


def test_a_vote_crosses_the_antimeridian() -> None:
    latitude, longitude = voted_place(np.array([(10.0, 179.9), (10.0, -179.7)]), np.ones(2))
    assert (latitude, longitude) == (pytest.approx(10.0, abs=1e-3), pytest.approx(-179.9))


def test_the_nearest_place_is_that_by_great_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    places, among = (random.uniform((-90, -180), (90, 180), (many, 2)) for many in (40, 25))
    expected = great_circle_km(places[:, None], among[None]).argmin(1).tolist()
    assert nearest_of(places, among).tolist() == expected
    monkeypatch.setattr(geolocation, "_MOST", 60)
    assert nearest_of(places, among).tolist() == expected
    assert nearest_of(np.array([[0.0, -179.9]]), np.array([[0.0, 170.0], [0.0, -150.0]])).tolist() == [0]
