"""The 16 networks of Figures 4 and 5 and the log-linear relation between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.jobs.paper.tradeoff import Network, fit, networks


def _network(name: str, mult_adds: int, released: float) -> Network:
    return Network(name, width=1.0, resolution=224, mult_adds=mult_adds, params=1, released=released, printed=None)


def test_there_are_four_widths_at_four_resolutions() -> None:
    every = networks()
    assert len({(one.width, one.resolution) for one in every}) == 16
    assert {one.params for one in every} == {4_231_976, 2_585_560, 1_331_592, 470_072}


def test_wider_and_larger_is_more_accurate() -> None:
    for one in networks():
        for other in networks():
            if other.width <= one.width and other.resolution <= one.resolution:
                assert other.released <= one.released


def test_the_papers_own_accuracies_where_it_has_them() -> None:
    printed = {one.name: one.printed for one in networks() if one.printed is not None}
    assert printed == {
        "mobilenet_v1_1.0_224": 70.6,
        "mobilenet_v1_1.0_192": 69.1,
        "mobilenet_v1_1.0_160": 67.2,
        "mobilenet_v1_1.0_128": 64.4,
        "mobilenet_v1_0.75_224": 68.4,
        "mobilenet_v1_0.5_224": 63.7,
        "mobilenet_v1_0.5_160": 60.2,
        "mobilenet_v1_0.25_224": 50.6,
    }


def test_the_relation_is_log_linear_with_a_jump_at_the_narrowest() -> None:
    every = networks()
    wide = fit([one for one in every if one.width > 0.25])
    assert 0.96 < fit(every).r_squared < wide.r_squared
    assert all(wide.at(one.mult_adds) - one.released > 5 for one in every if one.width == 0.25)


@given(st.floats(-50, 50), st.floats(1, 40))
def test_a_straight_line_is_found(intercept: float, slope: float) -> None:
    points = [_network(str(power), 10**power, intercept + slope * power) for power in range(6, 10)]
    found = fit(points)
    assert found.slope == pytest.approx(slope)
    assert found.intercept == pytest.approx(intercept, abs=1e-6)
    assert found.r_squared == pytest.approx(1)
    assert found.largest == pytest.approx(0, abs=1e-6)


def test_residuals_are_what_is_left() -> None:
    points = [_network("a", 10**6, 10.0), _network("b", 10**7, 23.0), _network("c", 10**8, 30.0)]
    found = fit(points)
    assert found.residuals == pytest.approx({"a": -1.0, "b": 2.0, "c": -1.0})
    assert found.at(10**7) == pytest.approx(21.0)
    assert found.largest == pytest.approx(2.0)
