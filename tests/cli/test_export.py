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


def test_nothing_but_the_table_is_said(tiny_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The exporter's own notes and the runtime's stay unsaid."""
    assert main(["export", str(tiny_model), "--out", str(tmp_path / "out"), "--batch", "1"]) == 0
    out, err = capfd.readouterr()
    assert not err
    assert out.splitlines()[0] == f"{tmp_path / 'out'}: mobilenet_v1_0.25_32 for onnx"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--runtime", "tflite"], "runtime 'tflite' is unknown: use one of onnx, openvino"),
        (["--inputs", "bytes"], "--inputs 'bytes' is unknown: one of uint8, float"),
        (["--batch", "0"], "batch 0 is outside [1, inf): use at least 1"),
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
