"""Tables that lose nothing, JSON that is JSON, numbers as people read them."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from mobilenets.cli import output
from mobilenets.cli.output import Column, million_text, print_json, print_table, size_text

_LONG = "a_rather_long_name_of_a_network_that_no_terminal_of_eighty_columns_holds_beside_its_numbers"
_COLUMNS = (Column("network"), *(Column(f"number {place}", number=True) for place in range(6)))
_ROW = (_LONG, *(f"{place},123,456,789" for place in range(6)))


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass
class _Thing:
    where: Path
    sizes: tuple[int, ...]


def test_a_pipe_cuts_and_colours_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(_COLUMNS, [_ROW])
    heads, _, row = capsys.readouterr().out.splitlines()
    assert row.split() == list(_ROW)
    assert "number 5" in heads
    assert "\x1b" not in heads


def test_a_narrow_terminal_breaks_words_and_never_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(output.sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    print_table(_COLUMNS, [_ROW])
    text = terminal.getvalue()
    assert all(number in text for number in _ROW[1:])
    assert _LONG not in text
    assert "".join(line.split()[0] for line in text.splitlines()[2:]) == _LONG


def test_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table((Column("a"),), [("[red]x[/red]",)])
    output.print_line("[bold]y")
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert "[bold]y" in out


def test_json_of_dataclasses_and_paths(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"thing": _Thing(Path("a/b"), (1, 2)), "word": "\u00e9"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"thing": {"where": "a/b", "sizes": [1, 2]}, "word": "\u00e9"}
    assert out.isascii()


def test_json_refuses_what_json_has_not() -> None:
    with pytest.raises(ValueError, match="JSON"):
        print_json(float("nan"))
    with pytest.raises(TypeError, match="object has no form in JSON"):
        print_json(object())


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (16_884_128, "16.9 MB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.000 k"),
        (4_231_976, "4.232 M"),
        (239_273_472, "239.3 M"),
        (999_999_999, "1.000 G"),
        (15_470_264_320, "15.47 G"),
        (10**13, "10000 G"),
    ],
)
def test_counts(count: int, text: str) -> None:
    assert million_text(count) == text
