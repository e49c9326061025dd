"""Verbs that have verbs of their own."""

import pytest

from mobilenets.cli.actions import actions_help, choose_action
from mobilenets.errors import UsageError


def _bake() -> None:
    """Bake a cake.

    With sugar.
    """


def _boil() -> None:
    """Boil an egg."""


ACTIONS = {"bake": _bake, "boil": _boil}


def test_the_first_argument_chooses_and_the_rest_is_left() -> None:
    chosen = choose_action(ACTIONS, ["boil", "--minutes", "4"], program="cook egg")
    assert chosen is not None
    assert (chosen.run, chosen.program, list(chosen.arguments)) == (_boil, "cook egg boil", ["--minutes", "4"])


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_chooses_none(word: str) -> None:
    assert choose_action(ACTIONS, [word], program="cook") is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say what to do: one of bake, boil; see `cook --help`"),
        (["bike"], "'bike' is unknown: did you mean bake?"),
        (["x"], "'x' is unknown: use one of bake, boil"),
        (["--json", "bake"], "--json before the action: write it behind one of bake, boil"),
    ],
)
def test_anything_else_is_one_line(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_action(ACTIONS, arguments, program="cook")
    assert str(caught.value) == words


def test_the_page_has_the_first_line_of_each() -> None:
    page = actions_help(ACTIONS, program="cook", summary="food")
    assert page.startswith("usage: cook ACTION [FLAGS]\n\nfood\n\nactions:\n  bake  Bake a cake\n  boil  Boil an egg\n")
