"""`mobilenets export` as a person and a program see it."""

import json
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

from mobilenets.cli.main import main
from mobilenets.deployment.artefact import read_artefact


@pytest.fixture(scope="module")
def artefact(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("artefacts") / "tiny"
    assert main(["export", str(tiny_model), "--out", str(out), "--batch", "1", "--json"]) == 0
    return out


def test_a_table_for_people_and_json_for_programs(
    artefact: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobilenets.jobs.export.export", lambda *_, **__: read_artefact(artefact))
    assert main(["export", "x", "--out", "y"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert out.startswith(f"{artefact}: mobilenet_v1_0.25_32 for onnx\n")
    assert "uint8 1 x 32 x 32 x 3" in out
    assert "model.onnx" in out
    assert main(["export", "x", "--out", "y", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["folder"], report["runtime"], report["batch"]) == (str(artefact), "onnx", 1)
    assert report["verification"]["largest_difference"] <= report["verification"]["tolerance"]


def test_what_8_bits_lost_is_in_a_table(
    artefact: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from mobilenets.deployment.int8.report import Int8Report, Step

    made = read_artefact(artefact)
    steps = (Step(name="one", score=0.5, drop=25.0), Step(name="two", score=0.745, drop=0.5))
    said = Int8Report(
        convolutions=28,
        int8=28,
        metric="top1",
        measured_on="val of owls",
        photographs=1234,
        float_score=0.75,
        score=0.745,
        drop=0.5,
        max_drop=1.0,
        calibrated_on="owls",
        calibrated_with=9,
        float_bytes=1,
        steps=steps,
        notes=("there were no more",),
    )
    checked = replace(made.report.verification, tolerance=None)
    shown = replace(made, report=replace(made.report, precision="int8", int8=said, verification=checked))
    monkeypatch.setattr("mobilenets.jobs.export.export", lambda *_, **__: shown)
    assert main(["export", "x", "--out", "y", "--precision", "int8", "--data", "owls"]) == 0
    out = capsys.readouterr().out
    assert "int8: 28 of 28 convolutions and matrix products, calibrated with 9 photographs of owls" in out
    assert "note: there were no more" in out
    assert "on 1,234 photographs of val of owls" in out
    rows = [line.split() for line in out.splitlines()]
    assert [*rows[rows.index(["float32", "0.7500"]) :][:3]] == [
        ["float32", "0.7500"],
        ["int8,", "one", "0.5000", "25.00"],
        ["int8,", "two", "0.7450", "0.50"],
    ]
    assert "(int8 is measured by its accuracy)" in out


def test_nothing_but_the_table_is_said(tiny_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The exporter's own notes and the runtime's stay unsaid."""
    assert main(["export", str(tiny_model), "--out", str(tmp_path / "out"), "--batch", "1"]) == 0
    out, err = capfd.readouterr()
    assert not err
    assert out.splitlines()[0] == f"{tmp_path / 'out'}: mobilenet_v1_0.25_32 for onnx"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--runtime", "tflite"],
            "runtime 'tflite' is unknown: use one of onnx, openvino, litert, executorch, ncnn, coreml",
        ),
        (["--inputs", "bytes"], "--inputs 'bytes' is unknown: one of uint8, float"),
        (["--batch", "0"], "batch 0 is outside [1, inf): use at least 1"),
        (["--precision", "int4"], "--precision 'int4' is unknown: did you mean int8? (one of float32, int8)"),
        (["--precision", "int8"], "--precision int8 needs photographs like those it will see: give them with --data"),
        (["--max-drop", "-1"], "max-drop -1 is outside [0, 100]: use at least 0 and at most 100"),
    ],
)
def test_one_clear_line(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main(["export", str(tiny_model), "--out", str(tmp_path / "out"), *arguments]) == 2
    assert capsys.readouterr().err == f"mobilenets export: {says}\n"


def test_predict_with_an_artefact(artefact: Path, swatches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(swatches / "red" / "0.png"), "--model", str(artefact), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["label"] == "red"
