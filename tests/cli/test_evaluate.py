"""`mobilenets evaluate` as a person and a program see it."""

import json
import shutil
from pathlib import Path

import pytest

from mobilenets.checkpoint import RUN
from mobilenets.cli.main import main
from mobilenets.cli.output import print_json
from mobilenets.jobs.evaluate import EvaluationReport


def test_a_table_for_people(tiny_model: Path, swatches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(swatches), "--model", str(tiny_model), "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert not err
    lines = out.splitlines()
    assert lines[0] == f"{tiny_model} on 6 photographs of {swatches} (val)"
    assert lines[1].startswith("shown: central square of 0.875 of the shorter side, scaled to 32 x 32 (aspect kept), ")
    assert lines[2] == f"note: val is what the training of {tiny_model} held out"
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
    report = EvaluationReport("m", "d", "val", 500, {}, "", 1.0, {"top1": 0.5}, {"per_class": classes}, {}, ())
    monkeypatch.setattr("mobilenets.jobs.evaluate.evaluate", lambda *_, **__: report)
    assert main(["evaluate", "d", "--model", "m"]) == 0
    out = capsys.readouterr().out
    assert "per class: the 20 lowest of 50" in out
    assert "class 19" in out
    assert "class 20" not in out
    print_json(report)
    assert len(json.loads(capsys.readouterr().out)["details"]["per_class"]) == 50


def test_how_photographs_are_shown(tiny_model: Path, swatches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--squash", "--crop", "1", "--interpolation", "bicubic", "--resolution", "48", "--json"]
    assert main(["evaluate", str(swatches), "--model", str(tiny_model), "--device", "cpu", *asked]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["shown"] == "whole photograph, squashed to 48 x 48, bicubic, values in [-1, 1]"
    assert report["preprocessing"]["interpolation"] == "bicubic"
    assert main(["evaluate", str(swatches), "--model", str(tiny_model), "--squash", "--keep-aspect"]) == 2
    assert "--squash and --keep-aspect exclude each other: leave one out" in capsys.readouterr().err


def test_a_squashed_model_can_be_asked_to_keep_the_aspect(
    tiny_model: Path, swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    text = (model / RUN).read_text()
    start = text.index('"preprocessing"')
    (model / RUN).write_text(text[:start] + text[start:].replace('"squash": false', '"squash": true', 1))
    for flags, words in (((), "squashed to 32 x 32"), (("--keep-aspect",), "(aspect kept)")):
        assert main(["evaluate", str(swatches), "--model", str(model), "--device", "cpu", *flags]) == 0
        assert words in capsys.readouterr().out.splitlines()[1]


def test_a_network_of_another_library(swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wnid, colour in (("n01440764", "red"), ("n02951358", "blue")):
        shutil.copytree(swatches / colour, tmp_path / "some" / wnid)
    name = "timm:test_resnet.r160_in1k"
    assert main(["evaluate", str(tmp_path / "some"), "--model", name, "--weights", "none", "--device", "cpu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{name} on 16 photographs of {tmp_path}/some (all)"
    assert lines[2] == f"note: {name} has random weights (seed 0)"
    assert main(["evaluate", str(tmp_path / "some"), "--model", "timm:resnt18"]) == 2
    assert "did you mean timm:resnet18?" in capsys.readouterr().err
