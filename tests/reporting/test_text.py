import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.reporting.text import number, percentage, plain, shorten, width_em


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_plain_text_is_one_line_that_can_be_written(text: str) -> None:
    line = plain(text)
    line.encode("utf-8")
    assert len(line.splitlines()) <= 1
    assert plain(line) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\x00b", "a\ufffdb"),
        ("owl\udcff.jpg", "owl\ufffd.jpg"),
        (" two\n\twords ", "two words"),
        ("98.5\u202f%", "98.5\u202f%"),
        ("日本", "日本"),
    ],
)
def test_plain_keeps_what_can_be_shown(text: str, line: str) -> None:
    assert plain(text) == line


@given(st.text(max_size=60), st.floats(min_value=2, max_value=40))
def test_shortened_text_fits(text: str, limit: float) -> None:
    short = shorten(text, limit_em=limit)
    assert width_em(short) <= limit + 1e-9
    assert short == plain(text) or short.endswith("…")


def test_wide_letters_count_more_and_marks_nothing() -> None:
    assert width_em("日本") == 2
    assert width_em("e\u0301") == width_em("e")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "\u2013"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (0.98513, "0.9851"),
        (412.3, "412.3"),
        (1234567.8, "1,234,568"),
        (1e-5, "1e-05"),
        (float("nan"), "not finite"),
        ("<b>", "<b>"),
    ],
)
def test_values_are_shown_as_people_read_them(value: object, shown: str) -> None:
    assert number(value) == shown


def test_percentages_say_when_they_are_none() -> None:
    assert percentage(0.985) == "98.5\u202f%"
    assert percentage(float("nan")) == "not finite"
