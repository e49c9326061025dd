"""When a count agrees with what is printed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.jobs.paper.entry import Entry, measured, millions, number, words


@pytest.mark.parametrize(
    ("published", "counted", "step", "agrees"),
    [
        ("569", "568.740352", None, True),
        ("290", "290.6752", None, False),
        ("4.2", "4.25", None, False),
        ("4.3", "4.25", None, True),
        ("1.25", "1.248424", None, True),
        ("720", "724.4", 10, True),
        ("720", "725", 10, False),
        ("1700", "1665.3", 100, True),
        ("0.02", "0.0205", None, True),
    ],
)
def test_rounding(published: str, counted: str, step: int | None, agrees: bool) -> None:
    entry = number(published, Decimal(counted), step=step, why="because")
    assert entry.agrees is agrees
    assert entry.explanation == ("" if agrees else "because")


@given(st.integers(0, 10**12), st.integers(0, 3))
def test_what_is_rounded_to_be_printed_agrees(count: int, places: int) -> None:
    counted = millions(count)
    nearest = counted.quantize(Decimal(1).scaleb(-places), "ROUND_HALF_UP")
    assert number(f"{nearest:f}", counted).agrees
    assert not number(f"{nearest + Decimal(1).scaleb(-places):f}", counted).agrees


def test_words_agree_when_they_are_the_same() -> None:
    assert words("Conv / s2", "Conv / s2", why="because") == Entry("Conv / s2", "Conv / s2")
    assert words("Conv / s2", "Conv / s1", why="because").explanation == "because"


def test_a_measured_figure_has_no_count() -> None:
    assert measured("70.6").counted is None
    assert measured("70.6").counted_text == ""
    assert measured("70.6", on="dogs").explanation == "Measured by the authors on dogs."


@pytest.mark.parametrize(("published", "text"), [("149", "149.497"), ("0.5", "149.497"), ("1.32", "149.4971")])
def test_counts_show_how_they_round(published: str, text: str) -> None:
    assert Entry(published, Decimal("149.497088")).counted_text == text
