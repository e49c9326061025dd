"""Detections compared as sets: what rounding may change is not far, anything else is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenets.tasks.detect.compare import detections_apart, numbers_apart

NOTHING = (0.0, 0, 0, 0, 0, -1)
ROWS = ((0.1, 0.1, 0.3, 0.3, 0.9, 2), (0.5, 0.5, 0.8, 0.8, 0.7, 0), (0.5, 0.1, 0.8, 0.3, 0.4, 0))


def _rows(*rows: tuple[float, ...], most: int = 5) -> NDArray[np.float32]:
    return np.array([[*rows, *[NOTHING] * (most - len(rows))]], np.float32)


def test_the_same_detections_are_not_apart_in_whatever_order() -> None:
    assert detections_apart(_rows(*ROWS[::-1]), _rows(*ROWS)) == 0


def test_no_detections_are_not_apart() -> None:
    assert detections_apart(_rows(), _rows()) == 0


@pytest.mark.parametrize("column", range(5))
def test_a_box_or_a_score_that_is_off_is_as_far_as_it_is_off(column: int) -> None:
    moved = _rows(*ROWS)
    moved[0, 1, column] += 0.003
    assert detections_apart(moved, _rows(*ROWS)) == pytest.approx(0.003, rel=1e-3)


@pytest.mark.parametrize("place", range(3))
def test_a_detection_that_is_missing_or_of_another_kind_is_as_far_as_it_was_sure(place: int) -> None:
    less = _rows(*(row for at, row in enumerate(ROWS) if at != place))
    assert detections_apart(less, _rows(*ROWS)) == pytest.approx(ROWS[place][4])
    assert detections_apart(_rows(*ROWS), less) == pytest.approx(ROWS[place][4])
    other = _rows(*ROWS)
    other[0, place, 5] = 7
    assert detections_apart(other, _rows(*ROWS)) == pytest.approx(ROWS[place][4])


def test_a_detection_told_twice_is_far() -> None:
    assert detections_apart(_rows(*ROWS, ROWS[0]), _rows(*ROWS)) == pytest.approx(0.9)


def test_the_last_that_there_is_room_for_may_be_another_of_the_same_score() -> None:
    one, other = (0.1, 0.6, 0.3, 0.9, 0.2, 1), (0.6, 0.6, 0.9, 0.9, 0.20001, 3)
    assert detections_apart(_rows(*ROWS, one, most=4), _rows(*ROWS, other, most=4)) == 0
    assert detections_apart(_rows(*ROWS, one, most=5), _rows(*ROWS, other, most=5)) == pytest.approx(0.20001)


def test_a_box_that_is_just_not_covered_too_much_may_go_and_what_it_covers_stay() -> None:
    first, border = (0.0, 0, 1, 0.5, 0.9, 1), (0.0, 0, 0.6, 0.5, 0.8, 1)  # covered by .6 of it
    freed = (0.0, 0, 0.45, 0.5, 0.7, 1)  # by less than .6 of the first, by more of the other
    assert detections_apart(_rows(first, border), _rows(first, freed)) == 0
    assert detections_apart(_rows(first, freed), _rows(first, border)) == 0
    assert detections_apart(_rows(first, freed), _rows(first)) == pytest.approx(0.7)


def test_numbers_that_are_not_finite_are_as_far_as_can_be() -> None:
    broken = _rows(*ROWS)
    broken[0, 0, 0] = np.nan
    assert detections_apart(broken, _rows(*ROWS)) == numbers_apart(broken, _rows(*ROWS)) == np.inf


def test_boxes_far_outside_are_compared_as_shares_of_what_they_are() -> None:
    assert numbers_apart(np.array([[1001.0]]), np.array([[1000.0]])) == pytest.approx(1e-3)
    assert numbers_apart(np.array([[0.501]]), np.array([[0.5]])) == pytest.approx(1e-3)
