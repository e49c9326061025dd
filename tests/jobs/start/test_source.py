"""What `--weights` may name."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mobilenets.checkpoint import MODEL
from mobilenets.errors import UsageError
from mobilenets.jobs.start import open_weights, trained_architecture
from mobilenets.run import Architecture
from mobilenets.tasks.classify import Classify
from mobilenets.weights.create import create

TINY = Architecture(width=0.25, resolution=32)


@pytest.fixture(scope="module")
def state_dict(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain PyTorch file, which says nothing of padding, activation or resolution."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "plain.pth"
    torch.save(create("mobilenet_v1_0.25_32", classes=5).state_dict(), file)
    return file


def test_a_checkpoint_folder(tiny_model: Path) -> None:
    weights = open_weights(str(tiny_model))
    assert weights.architecture.name == TINY.name
    assert weights.task is not None
    assert weights.task.state() == Classify(("blue", "green", "red")).state()
    assert weights.origin.weights == str(tiny_model)
    assert weights.origin.sha256 == hashlib.sha256((tiny_model / MODEL).read_bytes()).hexdigest()


def test_a_file(state_dict: Path) -> None:
    weights = open_weights(str(state_dict))
    assert (weights.architecture.width, weights.architecture.resolution) == (0.25, 224)
    assert weights.where == state_dict
    assert weights.origin.sha256 == hashlib.sha256(state_dict.read_bytes()).hexdigest()
    assert any("does not say its padding: taken to be same" in note for note in weights.notes)


def test_what_a_file_does_not_say_the_run_may(state_dict: Path) -> None:
    asked = replace(TINY, padding="symmetric", activation="leaky_relu")
    weights = open_weights(str(state_dict), asked=asked)
    assert (weights.architecture.padding, weights.architecture.activation) == ("symmetric", "leaky_relu")
    assert weights.architecture.resolution == 32
    assert not any(word in note for note in weights.notes for word in ("its padding", "its activation", "resolution"))


def test_what_is_trained_has_batch_norm_and_the_usual_dropout(tiny_model: Path) -> None:
    weights = open_weights(str(tiny_model))
    folded = replace(weights, architecture=replace(TINY, norm=False, dropout=0.5))
    assert trained_architecture(folded) == TINY
    assert trained_architecture(weights).name == TINY.name


@pytest.mark.parametrize("source", ["nowhere.pb", "mobilenet_v1_9.9_1"])
def test_what_is_neither_file_nor_name(source: str) -> None:
    with pytest.raises(UsageError, match="no file"):
        open_weights(source)


def test_a_folder_without_weights(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no"):
        open_weights(str(tmp_path))


def test_the_published_float_weights(shared_data: Path) -> None:
    weights = open_weights(str(shared_data / "weights" / "mobilenet_v1_1.0_224_float_frozen.pb"))
    assert trained_architecture(weights) == Architecture()
    assert weights.preprocessing.mean == (0.5, 0.5, 0.5)


def test_published_weights_with_folded_norms(shared_data: Path) -> None:
    weights = open_weights(str(shared_data / "weights" / "mobilenet_v1_0.25_128_quant.tflite"))
    assert not weights.architecture.norm
    assert trained_architecture(weights) == Architecture(width=0.25, resolution=128)
