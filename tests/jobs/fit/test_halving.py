"""Who learns how long: successive halving as plain arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.jobs.fit.halving import Planned, affordable, better_half, plan_round, rounds


@pytest.mark.parametrize(("arms", "expected"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (8, 4), (9, 5)])
def test_rounds_until_one_is_left(arms: int, expected: int) -> None:
    alive, seen = arms, 1
    while alive > 1:
        alive, seen = -(-alive // 2), seen + 1
    assert rounds(arms) == expected == seen


def test_the_better_half_goes_on_best_first_and_ties_keep_their_order() -> None:
    assert better_half({"a": 0.5, "b": 0.9, "c": 0.5, "d": 0.1, "e": 0.5}) == ["b", "a", "c"]
    assert better_half({"a": 0.1}) == ["a"]


def test_equal_parts_of_the_time_and_at_least_one_epoch() -> None:
    planned = plan_round(
        ["slow", "quick"], {"slow": 40.0, "quick": 3.0}, seconds=120, left=2, most={"slow": 8, "quick": 6}
    )
    assert planned == [Planned("slow", 1), Planned("quick", 6)]
    assert plan_round(["slow"], {"slow": 40.0}, seconds=-5, left=1, most={"slow": 8}) == [Planned("slow", 1)]


def test_the_first_that_have_time_for_an_epoch_each_begin() -> None:
    seconds = {"huge": 500.0, "large": 20.0, "small": 5.0, "tiny": 1.0}
    assert affordable(seconds, seconds=300, most=8) == ["large", "small", "tiny"]
    assert affordable(seconds, seconds=300, most=2) == ["large", "small"]
    assert affordable(seconds, seconds=0.5, most=8) == []


@given(st.lists(st.floats(0.1, 1000), min_size=1, max_size=12), st.floats(0, 5000), st.integers(1, 12))
def test_those_that_begin_stay_within_the_time(epochs: list[float], seconds: float, most: int) -> None:
    named = {str(place): epoch for place, epoch in enumerate(epochs)}
    chosen = affordable(named, seconds=seconds, most=most)
    assert len(chosen) <= most
    if not chosen:
        return
    alive, spent = list(chosen), 0.0
    for number in range(rounds(len(chosen))):
        planned = plan_round(
            alive, named, seconds=seconds - spent, left=rounds(len(chosen)) - number, most=dict.fromkeys(alive, 10_000)
        )
        spent += sum(one.epochs * named[one.name] for one in planned)
        alive = alive[: -(-len(alive) // 2)]
    assert spent <= seconds * (1 + 1e-9)
