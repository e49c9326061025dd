"""A checkpoint as an artefact: parity for every kind of network, and nothing half-written."""

import errno
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

pytest.importorskip("onnxruntime")

from mobilenets.checkpoint import MODEL, RUN, SPLIT
from mobilenets.deployment.artefact import GOLDEN, LABELS, REPORT, Artefact, read_artefact
from mobilenets.deployment.runtimes.onnx import OnnxRuntime, OnnxSession
from mobilenets.deployment.runtimes.protocol import Images
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.export import export
from mobilenets.jobs.models import load_any
from mobilenets.jobs.predict import predict
from mobilenets.tasks.attributes import Attributes
from mobilenets.tasks.features import Features


@pytest.fixture(scope="module")
def trained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that learnt the swatches, as an artefact. Read only."""
    return export(tiny_model, out=tmp_path_factory.mktemp("artefacts") / "tiny").folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, trained: Path) -> None:
    """The exporter hands out a file that it made before."""

    def copied(self: OnnxRuntime, module: object, signature: object, file: Path) -> dict[str, Any]:
        shutil.copyfile(trained / "model.onnx", file)
        return {}

    monkeypatch.setattr(OnnxRuntime, "export", copied)


def _golden(artefact: Artefact) -> tuple[NDArray[Any], NDArray[np.float32]]:
    with np.load(artefact.folder / GOLDEN, allow_pickle=False) as golden:
        return golden["inputs"], golden["outputs"]


# Each width, both paddings, both activations, batch norm and none, both inputs, both tasks, an odd size, both batches.
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SAME at an odd resolution": ({"width": 0.5, "resolution": 97}, {"batch": 1}),
    "symmetric, leaky": ({"padding": "symmetric", "activation": "leaky_relu", "resolution": 33}, {}),
    "no batch norm, floats": ({"norm": False, "width": 0.75, "resolution": 32}, {"inputs": "float", "batch": 3}),
    "shallow, in OpenVINO": (
        {"family": "shallow_mobilenet_v1", "padding": "symmetric", "resolution": 40},
        {"runtime": "openvino", "inputs": "float"},
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network(checkpoint: Callable[..., Path], tmp_path: Path, name: str) -> None:
    fields, asked = NETWORKS[name]
    if asked.get("runtime") == "openvino":
        pytest.importorskip("openvino")
    folder = checkpoint(**fields)
    artefact = export(folder, out=tmp_path / "out", goldens=2, **asked)
    report, side = artefact.report, fields["resolution"]
    inputs, outputs = _golden(artefact)
    raw = report.inputs == "uint8"
    assert inputs.shape == ((2, side, side, 3) if raw else (2, 3, side, side))
    assert inputs.dtype == (np.uint8 if raw else np.float32)
    assert outputs.std(0).max() > 1e-3 * np.abs(outputs).max()  # one image is told from another
    assert report.any_size is (fields.get("padding") == "symmetric")
    assert report.batch == asked.get("batch")
    assert 0 < report.verification.largest_difference <= 1e-4 * np.abs(outputs).max()
    assert len(report.verification.shapes.split(", ")) == 2 + report.any_size
    images = torch.randint(0, 256, (2, 3, 48, 48), dtype=torch.uint8)
    if report.any_size:  # and `--resolution` may ask for another
        one, other = (load_any(one, device="cpu", resolution=48)(images) for one in (artefact.folder, folder))
        torch.testing.assert_close(one, other, rtol=0, atol=1e-4 * float(other.abs().max()))


def test_features_have_no_labels(checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    artefact = export(checkpoint(Features()), out=tmp_path / "out")
    assert not (artefact.folder / LABELS).exists()
    assert artefact.report.verification.same_top1 is None
    assert artefact.report.outputs == 256
    assert "outputs of the task features" in (artefact.folder / REPORT).read_text()


def test_attributes_are_each_true_or_not(checkpoint: Callable[..., Path], swatches: Path, tmp_path: Path) -> None:
    """Each output has a name and a probability of its own; which is the largest says nothing."""
    folder = checkpoint(Attributes(("bald", "5_o_clock_shadow", "young")))
    artefact = export(folder, out=tmp_path / "out", data=str(swatches))
    assert (artefact.folder / LABELS).read_text() == "bald\n5_o_clock_shadow\nyoung\n"
    assert artefact.report.verification.same_top1 is None
    assert "logits: a sigmoid makes a probability of each" in (artefact.folder / REPORT).read_text()
    both = (list(predict(swatches / "red", model=model)) for model in (artefact.folder, folder))
    for one, other in zip(*both, strict=True):
        assert one.answer is not None and other.answer is not None
        said, expected = one.answer.record()["attributes"], other.answer.record()["attributes"]
        assert said == pytest.approx(expected, abs=1e-4)


def test_evaluate_and_predict_take_it_wherever_they_take_a_checkpoint(
    trained: Path, tiny_model: Path, swatches: Path
) -> None:
    mine, theirs = (evaluate(str(swatches), model=model, device="auto") for model in (trained, tiny_model))
    assert mine.photographs == 6  # what the training held out, and not all of them
    assert (mine.split, mine.details) == (theirs.split, theirs.details)
    assert mine.scores == pytest.approx(theirs.scores, abs=1e-5)
    assert mine.loss == pytest.approx(theirs.loss, rel=1e-3)
    assert any(note.startswith("run in ONNX Runtime") for note in mine.notes)
    both = (list(predict(swatches / "red", model=model)) for model in (trained, tiny_model))
    for one, other in zip(*both, strict=True):
        assert one.answer is not None and other.answer is not None
        assert one.answer.record()["label"] == other.answer.record()["label"]
        assert one.answer.record()["probability"] == pytest.approx(other.answer.record()["probability"], abs=1e-4)


def test_it_is_the_file_that_answers(
    trained: Path, swatches: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def first(self: OnnxSession, images: Images) -> NDArray[np.float32]:
        assert images.dtype == np.uint8
        return np.tile(np.array([[0, 0, 9]], np.float32), (len(images), 1))

    monkeypatch.setattr(OnnxSession, "__call__", first)
    found = {one.answer.record()["label"] for one in predict(swatches, model=trained) if one.answer}
    assert found == {"red"}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"device": "cuda"}, "device cuda: the artefact .* runs on the CPU; use --device cpu"),
        ({"device": "tpu"}, "device 'tpu' is unknown"),
        ({"weights": "none"}, "--weights none with the artefact .*: it has its own, so leave it out"),
        ({"resolution": 48}, "resolution 48: the file in .* takes 32 pixels only; leave --resolution out"),
    ],
)
def test_what_an_artefact_cannot_be_asked_for(trained: Path, swatches: Path, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        evaluate(str(swatches), model=trained, **asked)


def test_golden_photographs(tiny_model: Path, swatches: Path, tmp_path: Path, quick: None) -> None:
    artefact = export(tiny_model, out=tmp_path / "out", data=str(swatches), goldens=3)
    inputs, _ = _golden(artefact)
    assert len(inputs) == 3
    # Spread over the folder: one of each colour.
    assert inputs.reshape(3, -1, 3).mean(1).argmax(1).tolist() == [2, 1, 0]
    assert artefact.report.verification.golden == "3 photographs of swatches"
    assert artefact.report.files[SPLIT]["bytes"] > 0
    assert ".png" not in (artefact.folder / SPLIT).read_text()  # no photograph's name is shipped


def test_a_file_that_answers_otherwise_leaves_nothing(
    checkpoint: Callable[..., Path], tmp_path: Path, quick: None
) -> None:
    from mobilenets.tasks.classify import Classify

    other = checkpoint(Classify(("blue", "green", "red")))
    with pytest.raises(JobError, match=r"the file differs from the checkpoint by [0-9.]+ where at most [0-9.]+"):
        export(other, out=tmp_path / "new" / "out")
    assert not list((tmp_path / "new").iterdir())


def test_a_full_disk_leaves_nothing(
    tiny_model: Path, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export(tiny_model, out=tmp_path / "out").report

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mobilenets.deployment.write.np.savez_compressed", full)
    with pytest.raises(JobError, match=r"out cannot be written: No space left on device: free some space there"):
        export(tiny_model, out=tmp_path / "out", overwrite=True)
    assert [one.name for one in tmp_path.iterdir()] == ["out"]
    assert read_artefact(tmp_path / "out").report == before


def test_overwriting(tiny_model: Path, tmp_path: Path, quick: None) -> None:
    out = tmp_path / "out"
    out.mkdir()  # an empty folder is as good as none
    export(tiny_model, out=out)
    with pytest.raises(UsageError, match="out already holds an artefact: choose another folder, or --overwrite"):
        export(tiny_model, out=out)
    assert export(tiny_model, out=out, overwrite=True, goldens=2).report.verification.golden == "2 synthetic images"
    (out / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"out has notes.txt, which would be lost: choose another folder"):
        export(tiny_model, out=out, overwrite=True)
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("overwrite", [False, True])
def test_photographs_are_never_overwritten(tiny_model: Path, swatches: Path, quick: None, overwrite: bool) -> None:
    with pytest.raises(UsageError, match="swatches has blue, which would be lost"):
        export(tiny_model, out=swatches, overwrite=overwrite)
    assert len(list(swatches.rglob("*.png"))) == 24


def test_out_is_a_file(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match="out is a file: it takes a folder"):
        export(tiny_model, out=tmp_path / "out", overwrite=True)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"runtime": "tflite"}, "runtime 'tflite' is unknown: use one of onnx, openvino"),
        ({"batch": 0}, r"batch 0 is outside \[1, inf\)"),
        ({"inputs": "bytes"}, "inputs 'bytes' is unknown: use one of uint8, float"),
        ({"goldens": 0}, r"goldens 0 is outside \[1, 256\]"),
        ({"data": "nowhere"}, "nowhere is not there"),
    ],
)
def test_what_cannot_be_asked_for(tiny_model: Path, tmp_path: Path, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        export(tiny_model, out=tmp_path / "out", **asked)
    assert not (tmp_path / "out").exists()


def test_an_extra_that_is_not_installed(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(UsageError, match=r"runtime openvino needs openvino: pip install 'mobilenets\[openvino\]'"):
        export(tiny_model, out=tmp_path / "out", runtime="openvino")


def test_no_checkpoint(tmp_path: Path, trained: Path) -> None:
    with pytest.raises(UsageError, match=r"is no checkpoint: it has no run\.json"):
        export(trained, out=tmp_path / "out")


def test_labels_of_two_lines(checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    from mobilenets.tasks.classify import Classify

    with pytest.raises(UsageError, match=r"the label 'a\\nb' is not one line, as labels.txt has them"):
        export(checkpoint(Classify(("a\nb", "c"))), out=tmp_path / "out")


def test_weights_that_are_not_finite(tiny_model: Path, tmp_path: Path) -> None:
    from mobilenets.checkpoint import read_tensors, write_tensors

    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    tensors = read_tensors(folder / MODEL).tensors
    tensors["blocks.conv_0.conv.weight"] = torch.full_like(tensors["blocks.conv_0.conv.weight"], torch.nan)
    write_tensors(folder / MODEL, tensors, {})
    assert (folder / RUN).exists()
    with pytest.raises(JobError, match="the checkpoint gives outputs that are not finite"):
        export(folder, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
