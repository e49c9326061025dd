"""A file run again where it has come to, and one that could not be run where it was made."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from mobilenets.cli.main import main
from mobilenets.deployment.artefact import GOLDEN, REPORT, facts_of, read_artefact
from mobilenets.deployment.runtimes.onnx import OnnxRuntime
from mobilenets.deployment.runtimes.registry import RUNTIMES
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.export import export
from mobilenets.jobs.models import load_any
from mobilenets.jobs.verify import verify


@pytest.fixture(scope="module")
def verified(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that learnt the swatches, in ONNX. Read only."""
    return export(tiny_model, out=tmp_path_factory.mktemp("artefacts") / "tiny").folder


@pytest.fixture
def spoilt(verified: Path, tmp_path: Path) -> Path:
    """The same, which may be spoilt."""
    return Path(shutil.copytree(verified, tmp_path / "artefact"))


def _put_golden(folder: Path, *, outputs: np.ndarray) -> None:
    """Other golden outputs, with the report none the wiser."""
    with np.load(folder / GOLDEN, allow_pickle=False) as golden:
        inputs = golden["inputs"]
    np.savez(folder / GOLDEN, inputs=inputs, outputs=outputs)
    data = json.loads((folder / REPORT).read_text())
    data["files"][GOLDEN] = facts_of(folder / GOLDEN)
    (folder / REPORT).write_text(json.dumps(data))


def test_a_file_that_answers_as_it_did(verified: Path) -> None:
    before = (verified / REPORT).read_bytes()
    found = verify(verified)
    assert found.golden == "4 golden inputs of the artefact"
    assert found.shapes == "4x32x32x3, 1x32x32x3"
    assert found.same_top1 is True
    assert found.tolerance is not None
    assert found.largest_difference <= found.tolerance
    assert (verified / REPORT).read_bytes() == before


def test_as_a_person_and_a_program_see_it(verified: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(verified)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{verified}: answers as it is to\n")
    assert "4 golden inputs of the artefact: 4x32x32x3, 1x32x32x3" in out
    assert not err
    assert main(["verify", str(verified), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["same_top1"] is True


def test_a_file_that_answers_otherwise(spoilt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.load(spoilt / GOLDEN, allow_pickle=False) as golden:
        outputs = golden["outputs"]
    _put_golden(spoilt, outputs=outputs[::-1])
    with pytest.raises(JobError, match=r"the file differs from the checkpoint by [0-9.]+ .*: do not run it on such a"):
        verify(spoilt)
    assert main(["verify", str(spoilt)]) == 1
    assert "mobilenets verify: the file differs" in capsys.readouterr().err


def test_golden_inputs_that_are_damaged(spoilt: Path) -> None:
    (spoilt / GOLDEN).write_bytes(b"PK\x03\x04 none")
    data = json.loads((spoilt / REPORT).read_text())
    data["files"][GOLDEN] = facts_of(spoilt / GOLDEN)
    (spoilt / REPORT).write_text(json.dumps(data))
    with pytest.raises(UsageError, match=r"golden.npz is damaged .*: export it anew"):
        verify(spoilt)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime runs on another system alone."""
    monkeypatch.setitem(RUNTIMES, "onnx", replace(OnnxRuntime(), system="darwin"))
    monkeypatch.setattr(sys, "platform", "linux")


def test_a_file_that_cannot_be_run_here_is_refused_or_said_to_be_unverified(
    tiny_model: Path, tmp_path: Path, elsewhere: None, monkeypatch: pytest.MonkeyPatch, swatches: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="ONNX Runtime runs on macOS only: export there, or add --unverified and run"):
        export(tiny_model, out=out)
    assert not out.exists()
    report = export(tiny_model, out=out, unverified=True).report
    assert report.verification is None
    assert report.unverified == "ONNX Runtime runs on macOS only: run `mobilenets verify ARTEFACT` there"
    with pytest.raises(UsageError, match="runtime onnx: ONNX Runtime runs on macOS only; take the artefact there"):
        load_any(out, device="cpu")
    with pytest.raises(UsageError, match="ONNX Runtime runs on macOS only; take the artefact there"):
        verify(out)

    monkeypatch.setattr(sys, "platform", "darwin")
    assert f"`mobilenets verify {out}` does" in load_any(out, device="cpu").notes[1]
    found = verify(out)
    report = read_artefact(out).report
    assert (report.verification, report.unverified) == (found, "")
    assert len(load_any(out, device="cpu").notes) == 1


def test_what_can_be_verified_is(tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", str(tiny_model), "--out", str(tmp_path / "out"), "--unverified"]
    assert main(arguments) == 2
    assert "--unverified with onnx, whose files can be verified here: leave it out" in capsys.readouterr().err


def test_a_person_is_told_that_it_is_not_verified(
    tiny_model: Path, tmp_path: Path, elsewhere: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(tiny_model), "--out", str(tmp_path / "out"), "--unverified"]) == 0
    assert "NO: ONNX Runtime runs on macOS only: run `mobilenets verify ARTEFACT` there" in capsys.readouterr().out
