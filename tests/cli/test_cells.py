"""`mobilenets cells` as a person and a program see it."""

import json
from pathlib import Path

import pytest

from mobilenets.cli.main import main


@pytest.fixture
def places(tmp_path: Path) -> Path:
    table = tmp_path / "places.csv"
    rows = "".join(f"{48 + number / 100},{2 + number / 50}\n" for number in range(40))
    table.write_text(f"latitude,longitude\n{rows}")
    return table


def test_it_says_what_it_made(places: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cells.csv"
    assert main(["cells", str(places), "--max", "10", "--min", "5", "--out", str(out)]) == 0
    said, err = capsys.readouterr()
    assert not err
    assert "cells of" in said and f"wrote {out}" in said and "dropped" in said


def test_json(places: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cells.csv"
    assert main(["cells", str(places), "--max", "10", "--min", "5", "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["photographs"] + said["dropped"] == 40
    assert said["file"] == str(out)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["PLACES", "--min", "50", "--max", "40", "--out", "OUT"], 2, "max 40 is outside"),
        (["PLACES", "--out", "OUT"], 2, "leaves no cell"),
        (["PLACES"], 2, "--out is missing"),
        (["nowhere.csv", "--out", "OUT"], 2, "there is no 'nowhere.csv'"),
    ],
)
def test_wrong_requests_get_one_line(
    places: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    names = {"PLACES": str(places), "OUT": str(tmp_path / "cells.csv")}
    assert main(["cells", *(names.get(one, one) for one in arguments)]) == code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
