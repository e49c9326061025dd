"""Weights to start from."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from mobilenets.checkpoint import MODEL, RUN, read_tensors, write_tensors
from mobilenets.errors import UsageError
from mobilenets.jobs.start import starting_weights
from mobilenets.jobs.train import train
from mobilenets.network.graph import Network
from mobilenets.prediction.model import plan
from mobilenets.run import Architecture, Run
from mobilenets.tasks.classify import Classify

TINY = Architecture(width=0.25, resolution=32)
SAME = Classify(("blue", "green", "red"))


def _started(folder: Path, task: Classify = SAME, architecture: Architecture = TINY) -> dict[str, torch.Tensor]:
    network = Network(plan(architecture, task))
    for tensor in network.state_dict().values():
        tensor.zero_()
    starting_weights(network, folder, architecture=architecture, task=task)
    return network.state_dict()


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A checkpoint that may be spoilt."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_the_same_task_goes_on_with_its_head(tiny_model: Path) -> None:
    wanted = read_tensors(tiny_model / MODEL).tensors
    started = _started(tiny_model)
    assert all(torch.equal(started[name], tensor) for name, tensor in wanted.items())


@pytest.mark.parametrize("classes", [("blue", "green"), ("blue", "green", "yellow")])
def test_other_classes_get_a_new_head(tiny_model: Path, classes: tuple[str, ...]) -> None:
    wanted = read_tensors(tiny_model / MODEL).tensors
    started = _started(tiny_model, Classify(classes))
    head = {name for name in started if "classifier" in name}
    assert len(head) == 2
    assert all(not started[name].any() for name in head)
    assert all(torch.equal(started[name], wanted[name]) for name in started if name not in head)


def test_another_resolution_is_free(tiny_model: Path) -> None:
    assert _started(tiny_model, architecture=Architecture(width=0.25, resolution=64))


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"width": 0.5}, "is a mobilenet_v1_0.25_32 and the run asks for width 0.5: use --width 0.25"),
        ({"padding": "symmetric"}, "asks for padding symmetric: use --padding same"),
        ({"activation": "relu"}, "asks for activation relu: use --activation relu6"),
        (
            {"family": "shallow_mobilenet_v1", "min_depth": 16},
            "asks for family shallow_mobilenet_v1, min depth 16: use --family mobilenet_v1 --min-depth 8",
        ),
    ],
)
def test_another_network_is_refused(tiny_model: Path, changes: dict[str, Any], remedy: str) -> None:
    with pytest.raises(UsageError, match=remedy):
        _started(tiny_model, architecture=Architecture(**{"width": 0.25, "resolution": 32, **changes}))


@pytest.mark.parametrize("name", ["blocks.conv_0.conv.weight", "blocks.classifier.linear.bias"])
def test_tensors_that_are_missing_are_named(folder: Path, name: str) -> None:
    tensors = read_tensors(folder / MODEL).tensors
    del tensors[name]
    write_tensors(folder / MODEL, tensors, {})
    with pytest.raises(UsageError, match=rf"has no tensor '{name}'"):
        _started(folder)


def test_tensors_of_another_shape_are_named(folder: Path) -> None:
    tensors = read_tensors(folder / MODEL).tensors
    tensors["blocks.conv_0.conv.weight"] = torch.zeros(9, 3, 3, 3)
    write_tensors(folder / MODEL, tensors, {})
    with pytest.raises(
        UsageError, match=r"blocks\.conv_0\.conv\.weight has the shape 9 x 3 x 3 x 3 instead of 8 x 3 x 3 x 3"
    ):
        _started(folder)


def test_a_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no checkpoint"):
        _started(tmp_path)


def test_a_run_from_weights_learns_on_from_them(
    tiny_run: Callable[..., Run], tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)
    quiet = Console(quiet=True)
    cold = train(tiny_run(tmp_path / "cold", epochs=1), console=quiet)
    warm = train(tiny_run(tmp_path / "warm", epochs=1, weights=str(tiny_model)), console=quiet)
    assert warm.history[0]["train_loss"] < cold.history[0]["train_loss"]
    assert f'"source": "trained from {tiny_model} on swatches"' in (tmp_path / "warm" / RUN).read_text()


def test_weights_bring_the_scale_they_are_used_to(
    tiny_run: Callable[..., Run], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)
    text = (folder / RUN).read_text()
    (folder / RUN).write_text(text.replace('"mean": [\n   0.5,', '"mean": [\n   0.25,'))
    train(tiny_run(tmp_path / "run", epochs=1, weights=str(folder)), console=Console(quiet=True))
    assert '"mean": [\n   0.25,' in (tmp_path / "run" / RUN).read_text()
