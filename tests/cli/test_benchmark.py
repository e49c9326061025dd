"""`mobilenets benchmark` as a person and a program see it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnxruntime")

from mobilenets.cli.main import main
from mobilenets.deployment.latency.device import read_device


@pytest.fixture(scope="module")
def artefact(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("artefacts") / "tiny"
    assert main(["export", str(tiny_model), "--out", str(out), "--batch", "1", "--json"]) == 0
    return out


@pytest.fixture(scope="module")
def measured(artefact: Path) -> Path:
    """A device file of this machine. Read only."""
    out = artefact.with_name("device.json")
    assert main(["benchmark", str(artefact), "--threads", "1", "--repeats", "3", "--out", str(out), "--json"]) == 0
    return out


def test_a_table_for_people(measured: Path, artefact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", str(artefact), "--import", str(measured)]) == 0
    out, err = capsys.readouterr()
    assert not err
    lines = out.splitlines()
    assert read_device(measured).machine.cpu in lines[0]
    head = next(line for line in lines if line.startswith("artefact"))
    titles = ("runtime", "precision", "threads", "batch", "median ms", "p90", "p99", "peak memory", "x GEMM", "label")
    assert all(title in head for title in titles)
    row = next(line.split() for line in lines if line.startswith("tiny"))
    assert (row[0], row[1], row[3:6], row[-1]) == ("tiny", "onnx", ["float32", "1", "1"], "imported")
    assert "depthwise %" in out
    assert any(line.split()[1] == "mult-adds" for line in lines if line.startswith("tiny"))


def test_json_for_programs(measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "device.json"
    assert main(["benchmark", "--import", str(measured), "--out", str(out), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [one["label"] for one in data["measurements"]] == ["imported"]
    assert data["measurements"][0]["sha256"].keys() == {"model.onnx"}
    assert [one.label for one in read_device(out).measurements] == ["imported"]
    assert [one.label for one in read_device(measured).measurements] == ["measured"]


def test_why_there_are_no_shares_is_told(measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(measured.read_text())
    data["measurements"][0] |= {"by_kind": {}, "by_kind_note": "X gives no times of its layers here", "p90_ms": None}
    data["machine"]["busy"] = 0.5
    (tmp_path / "device.json").write_text(json.dumps(data))
    assert main(["benchmark", "--import", str(tmp_path / "device.json")]) == 0
    out = capsys.readouterr().out
    assert "note: no shares of time for tiny: X gives no times of its layers here" in out
    assert "note: other processes took 50% of the cores before the first run" in out


def test_a_kit(artefact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", str(artefact), "--emit-kit", str(tmp_path / "kit")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'kit'}: take it to the device, and follow its README.txt\n"
    assert (tmp_path / "kit" / "run.py").is_file()
    assert main(["benchmark", str(artefact), "--emit-kit", str(tmp_path / "other"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(tmp_path / "other")}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--batches", "4"], "tiny was exported for batches of 1 and not of 4: use --batches 1, or export it with"),
        (["--threads", "5000"], "threads 5000 is outside [1, "),
        (["--seconds", "1", "--repeats", "1"], "--seconds and --repeats exclude each other: leave one out"),
        (["--emit-kit", "kit", "--threads", "1"], "--emit-kit and --threads exclude each other: leave one out"),
        (["--import", "x.json", "--repeats", "1"], "--import and --repeats exclude each other: leave one out"),
        (["--import", "x.json"], "x.json cannot be read: No such file or directory"),
        (["--emit-kit", "kit", "--out", "x"], "--emit-kit and --out exclude each other: leave one out"),
    ],
)
def test_one_clear_line(artefact: Path, capsys: pytest.CaptureFixture[str], flags: list[str], says: str) -> None:
    assert main(["benchmark", str(artefact), *flags]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"mobilenets benchmark: {says}")
    assert error.count("\n") == 1


def test_an_artefact_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", str(tmp_path)]) == 2
    assert "is no artefact: it has no report.json" in capsys.readouterr().err
    assert main(["benchmark"]) == 2
    assert "no artefact is given" in capsys.readouterr().err


def test_an_artefact_that_was_changed(artefact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoilt: Any = shutil.copytree(artefact, tmp_path / "spoilt")
    (spoilt / "model.onnx").write_bytes(b"other")
    assert main(["benchmark", str(spoilt)]) == 2
    assert "is not the file that was verified" in capsys.readouterr().err
