"""An artefact stands where a checkpoint does, and its own file answers."""

import shutil
import sys
from pathlib import Path

import pytest
import torch

from mobilenets.deployment.artefact import REPORT, read_artefact
from mobilenets.deployment.model import load_artefact
from mobilenets.errors import UsageError
from mobilenets.prediction.model import load


def _images(count: int, side: int = 32) -> torch.Tensor:
    shape = (count, 3, side, side)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("count", [1, 2, 7])
def test_it_answers_as_the_checkpoint(exported: Path, classifier: Path, count: int) -> None:
    model, checkpoint = load_artefact(exported, threads=1), load(classifier, device=torch.device("cpu"))
    images = _images(count)
    expected = checkpoint(images)
    torch.testing.assert_close(model(images), expected, rtol=0, atol=1e-4 * float(expected.abs().max()))
    assert model.task == checkpoint.task
    assert model.preprocessing == checkpoint.preprocessing
    assert model.device == torch.device("cpu")


def test_pixels_in_the_order_that_decoders_give_are_not_copied(onnx_artefact: Path) -> None:
    model = load_artefact(onnx_artefact)
    rows = _images(3).permute(0, 2, 3, 1).contiguous()
    torch.testing.assert_close(model(rows.permute(0, 3, 1, 2)), model(rows.permute(0, 3, 1, 2).contiguous()))


def test_the_checkpoint_is_not_needed(spoilt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what made the file."""
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert read_artefact(spoilt).report.checkpoint == "owls"
    answers = load_artefact(spoilt).task.answers(load_artefact(spoilt)(_images(2)))
    assert {answer.record()["label"] for answer in answers} <= {"blue", "green", "red", "owl", "ibis"}


def test_a_runtime_that_is_not_installed(onnx_artefact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError, match="runtime onnx needs onnxruntime: pip install"):
        load_artefact(onnx_artefact)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"task": "classify"', '"task": "dance"', "artefact: task 'dance' is unknown"),
        ('"classes": [', '"kinds": [', "artefact: the checkpoint is of a classifier and lists no classes"),
    ],
)
def test_a_task_that_is_not_whole(spoilt: Path, old: str, new: str, says: str) -> None:
    text = (spoilt / REPORT).read_text()
    assert old in text
    (spoilt / REPORT).write_text(text.replace(old, new, 1))
    with pytest.raises(UsageError, match=says):
        load_artefact(spoilt)


def test_it_may_be_moved(onnx_artefact: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(onnx_artefact, tmp_path / "a folder with blanks é"))
    torch.testing.assert_close(load_artefact(moved)(_images(2)), load_artefact(onnx_artefact)(_images(2)))
