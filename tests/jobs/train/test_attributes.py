"""Attributes from a table to a checkpoint that knows its task."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from mobilenets.checkpoint import read_description
from mobilenets.cli.main import main
from mobilenets.errors import UsageError
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.predict import predict
from mobilenets.jobs.train import train
from mobilenets.run import Run

QUIET = Console(quiet=True)


@pytest.fixture
def table(swatches: Path, tmp_path: Path) -> Path:
    """Red or not, dark or not (seldom known, and never dark among the held-out ones)."""
    rows = [("file", "split", "red", "dark")]
    for label in ("blue", "green", "red"):
        for number in range(8):
            dark = {0: "0", 1: "0", 2: "1", 3: "0"}.get(number, "")
            split = "val" if number < 2 else "train"
            rows.append((str(swatches / label / f"{number}.png"), split, str(int(label == "red")), dark))
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    (tmp_path / "colours.csv").write_text(text.getvalue())
    return tmp_path / "colours.csv"


def test_a_run_leaves_a_checkpoint_that_knows_its_task(
    tiny_run: Callable[..., Run], table: Path, swatches: Path, tmp_path: Path
) -> None:
    trained = train(tiny_run(tmp_path / "run", data=str(table), task="attributes", head_first=True), console=QUIET)
    description = read_description(trained.folder)
    assert (description.task, description.task_state) == ("attributes", {"attributes": ["red", "dark"]})
    assert set(trained.scores) == {"map", "accuracy"}
    assert "1 attribute not scored: dark (is no for each of 6 photographs)" in trained.notes
    assert "1 attribute not scored" in (trained.folder / "report.html").read_text()
    again = evaluate(str(table), model=trained.folder, device="cpu", console=QUIET)
    assert again.scores == pytest.approx(trained.scores)
    assert "1 attribute not scored: dark (is no for each of 6 photographs)" in again.notes
    assert again.details["per_attribute"]["red"]["positives"] == 2
    (answer,) = (one.answer for one in predict(swatches / "red" / "0.png", model=trained.folder, console=QUIET))
    assert answer is not None and set(answer.record()["attributes"]) == {"red", "dark"}


def test_an_attribute_that_is_always_true(tiny_run: Callable[..., Run], table: Path, tmp_path: Path) -> None:
    table.write_text(table.read_text().replace(",train,0,", ",train,1,"))
    with pytest.raises(UsageError, match="train of colours: red is yes for each of 18 photographs: both yes and no"):
        train(tiny_run(tmp_path / "run", data=str(table), task="attributes"), console=QUIET)


def test_it_is_typed_as_any_task(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--task", "attributes", "--width", "0.25", "--resolution", "32", "--epochs", "1", "--device", "cpu"]
    assert main(["train", str(table), *words, "--out", str(tmp_path / "run")]) == 0
    assert capsys.readouterr().out.startswith("map ")
    assert main(["evaluate", str(table), "--model", str(tmp_path / "run"), "--device", "cpu"]) == 0
    shown = capsys.readouterr().out
    assert "per attribute" in shown and "positives" in shown
