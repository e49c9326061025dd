"""Cells on a map."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenets.reporting.figures import world

Floats = NDArray[np.float64]


def _hemispheres(latitude: Floats, longitude: Floats) -> NDArray[np.int64]:
    """Two cells, north and south, and none beyond 60 degrees south."""
    assert (np.abs(longitude) <= 180).all()
    return np.where(latitude > 0, 0, np.where(latitude > -60, 1, -1))


def _shown(places: Floats) -> tuple[float, float, float, float]:
    axes = world(_hemispheres, counts=np.array([10, 1000]), places=places, title="cells").figure.axes[0]
    return (*axes.get_xlim(), *axes.get_ylim())


def test_places_far_apart_show_the_whole_earth() -> None:
    assert _shown(np.array([[10.0, -100.0], [-10.0, 120.0]])) == (-180, 180, -90, 90)


def test_near_places_are_shown_near_and_with_a_margin() -> None:
    west, east, south, north = _shown(np.array([[48.0, 2.0], [50.0, 8.0]]))
    assert (west, east, south, north) == pytest.approx((0, 10, 46, 52), abs=0.01)


def test_a_window_crosses_the_antimeridian() -> None:
    places = np.array([[-17.0, 178.0], [-18.0, -178.0]])
    figure = world(_hemispheres, counts=np.array([10, 1000]), places=places, title="cells").figure
    west, east = figure.axes[0].get_xlim()
    assert east - west == pytest.approx(8, abs=0.1)
    dots = figure.axes[0].collections[0].get_offsets()
    assert all(west < x < east for x, _ in np.asarray(dots))


def test_cells_are_coloured_by_what_they_hold_and_the_empty_is_blank() -> None:
    figure = world(
        _hemispheres, counts=np.array([10, 1000]), places=np.array([[10.0, -100.0], [-10.0, 120.0]]), title="cells"
    ).figure
    shades = np.ma.asarray(figure.axes[0].images[0].get_array())
    assert shades[0, 0] == 10
    assert shades[shades.shape[0] * 2 // 3, 5] == 1000
    assert shades.mask[-1].all()


def test_it_says_in_words_what_it_shows() -> None:
    drawing = world(_hemispheres, counts=np.array([10, 1000]), places=np.zeros((2, 2)), title="2 cells")
    assert drawing.alt == "2 cells: 2 cells, of 10 to 1,000 photographs."
    assert drawing.png().startswith(b"\x89PNG")
    assert drawing.png() == drawing.png()


def test_cells_that_hold_the_same_are_no_error() -> None:
    drawing = world(_hemispheres, counts=np.array([7, 7]), places=np.zeros((2, 2)), title="2 cells")
    assert len(drawing.png()) > 1000
