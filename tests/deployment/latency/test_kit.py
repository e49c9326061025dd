"""The kit: run as it is on another device, by a Python that knows nothing of this package's folder."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenets.deployment.artefact import Artefact, read_artefact
from mobilenets.deployment.latency.alone.kit import main
from mobilenets.deployment.latency.device import check_belongs, read_device
from mobilenets.deployment.latency.kit import write_kit
from mobilenets.deployment.latency.models import model_files, model_of
from mobilenets.errors import UsageError


@pytest.fixture
def artefact(onnx_artefact: Path) -> Artefact:
    return read_artefact(onnx_artefact)


@pytest.fixture
def kit(artefact: Artefact, tmp_path: Path) -> Path:
    write_kit([model_of(artefact)], tmp_path / "kit")
    return tmp_path / "kit"


# What a device without this package has: anything of it, or torch, fails there.
_WITHOUT = """
import runpy, sys
sys.modules.update({"mobilenets": None, "torch": None})
sys.argv = ["run.py", "--threads", "1", "--repeats", "3"]
runpy.run_path("run.py", run_name="__main__")
"""


@pytest.mark.parametrize("arguments", [["-I", "run.py", "--threads", "1", "--repeats", "3"], ["-c", _WITHOUT]])
def test_it_runs_alone_and_its_file_is_read_back(kit: Path, artefact: Artefact, arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=kit, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "onnx onnx " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("written: ")
    device = read_device(kit / "results.json")
    (one,) = device.measurements
    assert (one.label, one.artefact, one.threads, one.batch, one.count) == ("measured", "onnx", 1, 1, 3)
    assert one.network == "mobilenet_v1_0.25_32"
    assert one.gemm is not None and one.gemm.library == "numpy"
    assert list(one.by_kind) == ["conv", "depthwise", "pointwise", "linear", "other"]
    check_belongs(device, kit / "results.json", [model_files(artefact)])


def test_it_holds_no_more_than_it_needs(kit: Path) -> None:
    names = {file.relative_to(kit).as_posix() for file in kit.rglob("*") if file.is_file()}
    assert {"README.txt", "run.py", "kit.json", "models/1/model.onnx", "latency/worker.py"} <= names
    assert not [name for name in names if name.startswith("models/") and name != "models/1/model.onnx"]
    for file in kit.rglob("*"):
        if file.suffix in {".py", ".txt", ".json"}:
            text = file.read_text(encoding="utf-8")
            assert str(kit.parent) not in text
    readme = (kit / "README.txt").read_text()
    assert "python3 -m pip install numpy onnxruntime\n" in readme
    assert "mobilenets benchmark --import results.json" in readme
    assert "adb" not in readme


def test_two_artefacts_of_one_name(artefact: Artefact, tmp_path: Path) -> None:
    write_kit([model_of(artefact)] * 2, tmp_path / "kit")
    data = json.loads((tmp_path / "kit" / "kit.json").read_text())
    assert [one["file"] for one in data["models"]] == ["models/1/model.onnx", "models/2/model.onnx"]
    assert list(data["files"]) == ["models/1/model.onnx", "models/2/model.onnx"]


def test_a_runtime_that_a_kit_cannot_run(artefact: Artefact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenets.deployment.latency.kit.OPENERS", {"litert": None})
    with pytest.raises(UsageError, match="onnx is for onnx, which a kit cannot run: use one of litert"):
        write_kit([model_of(artefact)], tmp_path / "kit")
    assert not (tmp_path / "kit").exists()


def test_nothing_is_overwritten(artefact: Artefact, kit: Path) -> None:
    with pytest.raises(UsageError, match="kit is there already: choose a new folder"):
        write_kit([model_of(artefact)], kit)


def _spoil(kit: Path) -> None:
    model = kit / "models" / "1" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("arguments", "spoil", "says"),
    [
        ([], _spoil, r"run.py: models/1/model.onnx is not the kit's file \(its SHA-256 is another\): copy"),
        ([], lambda kit: (kit / "models/1/model.onnx").unlink(), "models/1/model.onnx is missing: copy the kit"),
        (["--threads", "4097"], lambda _: None, r"threads 4097 is outside \[1, "),
        (["--batches", "0"], lambda _: None, "batch 0 is outside"),
    ],
)
def test_one_line_on_the_device(
    kit: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], spoil: Callable[[Path], None], says: str
) -> None:
    spoil(kit)
    assert main(kit, arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(says, error)
    assert not (kit / "results.json").exists()


def test_a_package_that_the_device_lacks(kit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = kit / "kit.json"
    file.write_text(file.read_text().replace('"package": "onnxruntime"', '"package": "no_such_runtime"'))
    assert main(kit, ["--repeats", "1"]) == 2
    assert "no_such_runtime is not installed: " in capsys.readouterr().err
