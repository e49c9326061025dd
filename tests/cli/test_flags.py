"""Signatures as flags, and everything that can be wrong with them as one line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest
import tyro
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.cli.flags import parse
from mobilenets.errors import UsageError


@dataclass(frozen=True)
class _Inner:
    width: float = 1.0
    recipe: Literal["paper", "finetune"] = "paper"

    def __post_init__(self) -> None:
        if self.width > 2:
            raise UsageError(f"width {self.width:g} is outside (0, 2]")


@dataclass(frozen=True)
class _Settings:
    epochs: int | None = None
    window: tuple[int, float] = (1, 2.0)
    inner: _Inner = field(default_factory=_Inner)


def _verb(
    names: tyro.conf.Positional[tuple[str, ...]] = (),
    *,
    out: Path,
    classes: int = 1000,
    json: bool = False,
    settings: Annotated[_Settings, tyro.conf.arg(name="")] = _Settings(),
) -> None:
    """A verb.

    Args:
        names: some names
        out: a folder
    """
    raise RuntimeError(repr((names, out, classes, json, settings)))


def _parse(*arguments: str) -> None:
    call = parse(_verb, arguments, program="mobilenets verb")
    assert call is not None
    call()


def test_flags_fill_the_signature() -> None:
    settings = _Settings(epochs=3, window=(4, 0.5), inner=_Inner(width=0.5, recipe="finetune"))
    expected = repr((("a", "b"), Path("x"), 7, True, settings))
    with pytest.raises(RuntimeError) as told:
        _parse(
            *("a", "b", "--out", "x", "--classes=7", "--json", "--epochs", "3", "--window", "4", ".5"),
            *("--inner.width", ".5", "--inner.recipe", "finetune"),
        )
    assert str(told.value) == expected


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("", "--out is missing: see `mobilenets verb --help`"),
        ("--ot x", "unknown flag --ot: did you mean --out?"),
        ("--out x --clases 3", "unknown flag --clases: did you mean --classes?"),
        ("--out x --Klasses=3", "unknown flag --Klasses: did you mean --classes?"),
        ("--out x --settings.epochs 3", "unknown flag --settings.epochs: did you mean --epochs?"),
        ("--out x --no-json", "unknown flag --no-json: did you mean --json?"),
        ("--out x --zzz", "unknown flag --zzz: see `mobilenets verb --help`"),
        ("--out", "--out needs a path"),
        ("--out x --classes", "--classes needs a whole number"),
        ("--out x --window 1", "--window needs 2 values (INT FLOAT)"),
        ("--out x --classes abc", "--classes 'abc' is not valid: it takes a whole number"),
        ("--out x --classes=1.5", "--classes '1.5' is not valid: it takes a whole number"),
        ("--out x --epochs 1.5", "--epochs '1.5' is not valid: it takes None or a whole number"),
        (
            "--out x --inner.recipe papr",
            "--inner.recipe 'papr' is unknown: did you mean paper? (one of paper, finetune)",
        ),
        ("--out x --inner.recipe zz", "--inner.recipe 'zz' is unknown: one of paper, finetune"),
        ("--out x --inner.width 3", "width 3 is outside (0, 2]"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: str, line: str) -> None:
    with pytest.raises(UsageError) as told:
        _parse(*arguments.split())
    assert str(told.value) == line


def test_errors_of_the_verb_itself_come_through() -> None:
    with pytest.raises(RuntimeError, match="_Settings"):
        _parse("--out", "x")


def test_help_is_printed_and_calls_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(_verb, ["--help"], program="mobilenets verb") is None
    out = capsys.readouterr().out
    assert "mobilenets verb" in out
    assert "--inner.width" in out


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["--out", "--classes", "--json", "--epochs", "--window", "--inner.recipe", "paper", "--", "="]
            ),
            st.text(max_size=8).filter(lambda text: not text.startswith(("-h", "--h", "--tyro"))),
        ),
        max_size=6,
    )
)
def test_any_arguments_are_understood_or_refused_in_a_usage_error(arguments: list[str]) -> None:
    try:
        assert parse(_verb, arguments, program="mobilenets verb") is not None
    except UsageError as error:
        assert str(error)
