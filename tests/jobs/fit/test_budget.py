"""Limits, what stands against a candidate, and the budget that would do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.errors import UsageError
from mobilenets.jobs.fit.budget import Budget, Figure, Limited, binding, nearest_budget, worst_ratio


def _figures(**values: float) -> dict[Limited, Figure]:
    return {name: Figure(value, "measured") for name, value in values.items()}  # type: ignore[misc]


def test_the_limit_that_is_exceeded_most_binds() -> None:
    budget = Budget(max_ms=10, max_mb=2, max_mult_adds=100)
    over = binding(_figures(ms=15, mb=4, mult_adds=90), budget)
    assert over is not None and (over.limit, over.ratio) == ("mb", 2.0)
    assert over.words == "4 MB (measured) over --max-mb 2"


def test_a_limit_is_met_up_to_its_value_and_what_is_unknown_is_over_none() -> None:
    budget = Budget(max_ms=10, max_ram_mb=5)
    assert binding(_figures(ms=10), budget) is None
    assert binding(_figures(ms=10.001), budget) is not None


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_limits_are_above_nothing(value: float) -> None:
    with pytest.raises(UsageError, match=r"max-ms .* is outside"):
        Budget(max_ms=value)


def test_a_budget_without_limits_is_none() -> None:
    with pytest.raises(UsageError, match="no limit is given: set one or several of --max-mult-adds, --max-mb"):
        Budget().check()


def test_the_nearest_budget_keeps_what_is_kept_and_raises_what_is_not() -> None:
    budget = Budget(max_ms=2, max_mb=5)
    assert nearest_budget(_figures(ms=3.1234, mb=1.0), budget) == "--max-mb 5 --max-ms 3.13"


@given(ms=st.floats(1e-3, 1e5), mb=st.floats(1e-3, 1e5), most_ms=st.floats(1e-3, 1e5), most_mb=st.floats(1e-3, 1e5))
def test_the_nearest_budget_fits(ms: float, mb: float, most_ms: float, most_mb: float) -> None:
    figures, budget = _figures(ms=ms, mb=mb), Budget(max_ms=most_ms, max_mb=most_mb)
    words = nearest_budget(figures, budget).split()
    named = {words[place]: float(words[place + 1]) for place in (0, 2)}
    # A limit that is kept is written as the user would write it, to six digits.
    assert named["--max-ms"] * (1 + 1e-5) >= ms
    assert named["--max-mb"] * (1 + 1e-5) >= mb
    assert (binding(figures, budget) is None) == (worst_ratio(figures, budget) <= 1)
