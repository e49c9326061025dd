"""Yes and no as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.data.answers import NO, UNKNOWN, YES, answer, check_one_no, yes_folder
from mobilenets.errors import UsageError


@pytest.mark.parametrize("value", ["1", "1.0", "+1", "yes", "Yes", "TRUE", " true "])
def test_yes(value: str) -> None:
    assert answer(value) == YES


@pytest.mark.parametrize("value", ["0", "0.0", "-1", "-1.0", "no", "No", "FALSE"])
def test_no(value: str) -> None:
    assert answer(value) == NO


@pytest.mark.parametrize("value", ["", "  "])
def test_empty_is_not_known(value: str) -> None:
    assert answer(value) == UNKNOWN


@pytest.mark.parametrize("value", ["2", "-", "maybe", "0.5", "nan", "yess", "1 0"])
def test_anything_else_is_neither(value: str) -> None:
    assert answer(value) is None


@given(st.text(max_size=8))
def test_whatever_is_written_has_one_meaning_in_any_case(value: str) -> None:
    assert answer(value) in (YES, NO, UNKNOWN, None)
    assert answer(answer(value) or "") == (answer(value) or UNKNOWN)


def test_one_column_has_one_no() -> None:
    check_one_no(["1", "-1", ""], column="bald")
    check_one_no(["1", "0", "no"], column="bald")
    with pytest.raises(UsageError, match="bald has both 0 and -1: write one of them for no, and leave empty what"):
        check_one_no(["1", "0", "-1.0"], column="bald")


@pytest.mark.parametrize(
    ("names", "yes", "called"),
    [
        (("no_smile", "smile"), "smile", "smile"),
        (("Smile", "not smile"), "Smile", "Smile"),
        (("glasses", "without-glasses"), "glasses", "glasses"),
        (("nonsmoker", "smoker"), "smoker", "smoker"),
        (("no", "yes"), "yes", "yes"),
        (("0", "1"), "1", "yes"),
        (("True", "false"), "True", "yes"),
    ],
)
def test_names_of_folders_say_which_is_yes(names: tuple[str, str], yes: str, called: str) -> None:
    assert yes_folder(names, where="faces") == (yes, called)
    assert yes_folder((names[1], names[0]), where="faces") == (yes, called)


@pytest.mark.parametrize(
    "names", [("ants", "bees"), ("table", "notable"), ("smile", "no_glasses"), ("yes", "true"), ("no", "off")]
)
def test_other_names_do_not_say(names: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match=f"faces: which of '{names[0]}' and '{names[1]}' is the yes"):
        yes_folder(names, where="faces")
