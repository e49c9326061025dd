"""`mobilenets evaluate` as a person and a program see it."""

import json
from pathlib import Path

import pytest

from mobilenets.cli.main import main
from mobilenets.cli.output import print_json
from mobilenets.jobs.evaluate import EvaluationReport


def test_a_table_for_people(tiny_model: Path, swatches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(swatches), "--model", str(tiny_model), "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert not err
    lines = out.splitlines()
    assert lines[0] == f"{tiny_model} on 6 photographs of {swatches} (val)"
    assert lines[1] == f"note: val is what the training of {tiny_model} held out"
    shown = [line.split()[0] for line in lines if line]
    assert [name for name in shown if name in ("top1", "calibration", "loss")] == ["top1", "calibration", "loss"]
    assert sorted(shown[-3:]) == ["blue", "green", "red"]


def test_classes_are_ranked_from_the_lowest(
    tiny_model: Path, swatches: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["evaluate", str(swatches), "--model", str(tiny_model), "--split", "all", "--device", "cpu"])
    rows = capsys.readouterr().out.splitlines()[-3:]
    shares = [float(row.split()[-1]) for row in rows]
    assert shares == sorted(shares)


def test_json_has_all_of_it(tiny_model: Path, swatches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(swatches), "--model", str(tiny_model), "--split", "all", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["photographs"], report["split"], report["bad"]) == (24, "all", {})
    assert report["scores"].keys() == {"top1", "calibration_error"}
    assert report["details"].keys() == {"per_class", "confusion"}


def test_more_classes_than_fit_are_cut_and_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    classes = {f"class {place}": {"photographs": 10, "top1": place / 100} for place in range(50)}
    report = EvaluationReport("m", "d", "val", 500, {}, 1.0, {"top1": 0.5}, {"per_class": classes}, {}, ())
    monkeypatch.setattr("mobilenets.jobs.evaluate.evaluate", lambda *_, **__: report)
    assert main(["evaluate", "d", "--model", "m"]) == 0
    out = capsys.readouterr().out
    assert "per class: the 20 lowest of 50" in out
    assert "class 19" in out
    assert "class 20" not in out
    print_json(report)
    assert len(json.loads(capsys.readouterr().out)["details"]["per_class"]) == 50


def test_a_loss_that_is_not_a_number_is_null_in_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = EvaluationReport("m", "d", "val", 5, {}, float("nan"), {"top1": 0.0}, {}, {}, ())
    monkeypatch.setattr("mobilenets.jobs.evaluate.evaluate", lambda *_, **__: report)
    assert main(["evaluate", "d", "--model", "m", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] is None
