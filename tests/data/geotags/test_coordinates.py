"""Coordinates as people write them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.data.geotags.coordinates import sift


def test_points_commas_and_blanks_are_numbers() -> None:
    found = sift(["48.85", "-33,857", " 35.36 ", "5e1"], ["2.29", "151,215", "138.7", "-1e-3"])
    np.testing.assert_allclose(found.places, [[48.85, 2.29], [-33.857, 151.215], [35.36, 138.7], [50, -0.001]])
    assert (found.missing, found.zero, found.bad) == (0, 0, {})


@pytest.mark.parametrize("text", ["", "-", "NA", "n/a", "NaN", "null", "None", "  "])
def test_what_stands_for_nothing_is_missing(text: str) -> None:
    found = sift([text, "1.0", "x"], ["2.0", text, "1"])
    assert (found.missing, found.rows.tolist(), list(found.bad)) == (2, [], [2])
    assert found.notes() == ("2 photographs left out: no coordinates",)


def test_zero_zero_is_missing_unless_it_is_meant() -> None:
    latitudes, longitudes = ["0", "0.0", "0", "5"], ["0", "-0.0", "5", "0"]
    found = sift(latitudes, longitudes)
    assert (found.zero, found.rows.tolist()) == (2, [2, 3])
    assert "(0, 0) is what is written for no coordinates; say so" in found.notes("row", remedy="; say so")[0]
    kept = sift(latitudes, longitudes, keep_zero=True)
    assert (kept.zero, kept.rows.tolist(), kept.notes()) == (0, [0, 1, 2, 3], ())


@pytest.mark.parametrize(
    ("latitude", "longitude", "why"),
    [
        ("90.001", "170", "latitude 90.001 is outside -90 to 90"),
        ("139.7", "35.6", "latitude 139.7 is outside -90 to 90; are the columns swapped?"),
        ("-10", "180.5", "longitude 180.5 is outside -180 to 180"),
        ("10", "-inf", "longitude -inf is outside -180 to 180"),
        ("48°51'N", "2.3", 'latitude "48°51\'N" is no number of degrees'),
        ("1,234.5", "2.3", "latitude '1,234.5' is no number of degrees"),
        ("3", "4,5,6", "longitude '4,5,6' is no number of degrees"),
    ],
)
def test_what_cannot_be_is_named(latitude: str, longitude: str, why: str) -> None:
    found = sift(["1", latitude], ["1", longitude])
    assert found.bad == {1: why}
    assert (found.missing, found.rows.tolist()) == (0, [0])


def test_poles_and_the_antimeridian_are_places() -> None:
    assert sift(["90", "-90", "0", "0"], ["0", "180", "-180", "180"]).rows.tolist() == [0, 1, 2, 3]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=20))
def test_every_place_comes_back(places: list[tuple[float, float]]) -> None:
    found = sift([repr(latitude) for latitude, _ in places], [repr(longitude) for _, longitude in places])
    kept = [place for place in places if place != (0, 0)]
    assert found.places.tolist() == [list(place) for place in kept]
    assert found.zero == len(places) - len(kept)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=8))
def test_any_text_is_a_place_or_counted(texts: list[tuple[str, str]]) -> None:
    found = sift([one for one, _ in texts], [other for _, other in texts])
    assert len(found.rows) + found.missing + found.zero + len(found.bad) == len(texts)
    assert (np.abs(found.places) <= (90, 180)).all()
