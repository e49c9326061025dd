"""`mobilenets paper` as a person and a program see it."""

import json
from pathlib import Path

import pytest

from mobilenets.cli.main import main

_FILES = {"paper.md", "paper.json", "figure_4.png", "figure_5.png"}


def test_it_writes_and_says_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "paper"
    assert main(["paper", "--out", str(out)]) == 0
    said, err = capsys.readouterr()
    assert not err
    assert {path.name for path in out.iterdir()} == _FILES
    assert "separable_13/depthwise" in said
    assert "4,867.293" in said
    assert f"Written to {out}" in said


def test_json_is_all_there_is_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "--out", str(tmp_path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert not err
    said = json.loads(out)
    written = json.loads((tmp_path / "paper.json").read_text())
    assert (said.pop("out"), set(said.pop("files"))) == (str(tmp_path), _FILES)
    assert said == written


def test_a_foreign_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert main(["paper", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"mobilenets paper: {tmp_path} holds 'thesis.tex', which is not ours")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
