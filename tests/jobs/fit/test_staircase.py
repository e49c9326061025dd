"""The border of a budget is found with few measurements, and what is preferable follows from the dials."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mobilenets.jobs.fit.candidates import Candidate
from mobilenets.jobs.fit.staircase import at_most, frontier, implied, next_to_measure

WIDTHS = (0.25, 0.35, 0.5, 0.6, 0.75, 0.9, 1.0)
SIDES = (96, 112, 128, 144, 160, 176, 192, 208, 224)
EVERY = [
    Candidate(width, side, precision)
    for width, side in itertools.product(WIDTHS, SIDES)
    for precision in ("float32", "int8")
]


def _cost(one: Candidate) -> float:
    return one.width**1.8 * one.resolution**2 * (1.0 if one.precision == "float32" else 0.6)


@given(limit=st.floats(0, 60_000))
def test_measuring_the_border_settles_every_candidate(limit: float) -> None:
    known: dict[Candidate, bool] = {}
    while asked := next_to_measure(EVERY, known):
        known |= {one: _cost(one) <= limit for one in asked}
    assert all(implied(one, known) == (_cost(one) <= limit) for one in EVERY)
    assert len(known) <= 2 * 2 * (len(WIDTHS) + len(SIDES))
    # Verdicts on what could be chosen rest on measurements of the very candidates.
    best = frontier(one for one in EVERY if implied(one, known))
    assert {one for one in best if one.precision == "float32"} <= set(known)


@given(st.sets(st.sampled_from(EVERY)))
def test_each_that_fits_is_no_better_than_one_of_the_frontier(fitting: set[Candidate]) -> None:
    best = frontier(fitting)
    assert set(best) <= fitting
    for one in fitting:
        floats = Candidate(one.width, one.resolution, "float32")
        assert any(at_most(one, other) or at_most(floats, other) for other in best)
    for one, other in itertools.permutations(best, 2):
        assert not at_most(one, other)


def test_int8_is_for_networks_that_do_not_fit_in_floats() -> None:
    fitting = [Candidate(0.5, 128, "float32"), Candidate(0.5, 128, "int8"), Candidate(0.75, 128, "int8")]
    assert frontier(fitting) == [fitting[0], fitting[2]]


def test_nothing_to_measure_where_nothing_is_possible() -> None:
    assert next_to_measure([], {}) == []
    assert frontier([]) == []


def test_a_width_with_weights_is_not_beaten_by_a_larger_one_without() -> None:
    published, between = Candidate(0.5, 128, "float32"), Candidate(0.6, 160, "float32")
    assert frontier([published, between]) == [between]
    assert frontier([published, between], pretrained={0.5}) == [published, between]
    assert frontier([published, between], pretrained={0.5, 0.6}) == [between]
