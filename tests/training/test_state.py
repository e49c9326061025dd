"""The state of a run, there and back, and every way in which its file can be wrong."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from mobilenets.checkpoint import STATE, read_tensors, write_tensors
from mobilenets.errors import UsageError
from mobilenets.run import Optimisation
from mobilenets.training.average import Average
from mobilenets.training.optimiser import optimiser
from mobilenets.training.state import Learner, Progress, restore_state, save_state
from mobilenets.weights.create import create

PROGRESS = Progress(
    epoch=3,
    step=2,
    photographs=64,
    loss=1 / 3,
    watched={"top1": 7.0},
    seconds=0.1,
    missing={"a.png": "gone"},
    history=[{"epoch": 1, "train_loss": 0.1 + 0.2}],
    data="digest",
    notes=["told"],
)
_KINDS = ("adamw", "sgd", "rmsprop_tf")


def _learner(kind: str = "adamw", *, name: str = "mobilenet_v1_0.25_32", steps: int = 2) -> Learner:
    torch.manual_seed(0)
    network = create(name, classes=3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    learner = Learner(network, Average(network), optimiser(network, Optimisation(optimiser=kind)))  # type: ignore[arg-type]
    for _ in range(steps):
        _step(learner)
    return learner


def _step(learner: Learner) -> None:
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    nn.functional.cross_entropy(learner.network(images), torch.tensor([0, 1, 2, 0])).backward()  # type: ignore[no-untyped-call]
    learner.optimiser.step()
    learner.optimiser.zero_grad(set_to_none=True)
    learner.average.update(decay=0.5)


def _weights(learner: Learner) -> dict[str, bytes]:
    tensors = {**learner.network.state_dict(), **{f"a/{k}": v for k, v in learner.average.network.state_dict().items()}}
    return {name: tensor.contiguous().numpy().tobytes() for name, tensor in tensors.items()}


def test_the_kept_weights_come_back(tmp_path: Path) -> None:
    """Those of an epoch that is over, which neither the network nor the average has any more."""
    learner, other = (replace(_learner(), kept=create("mobilenet_v1_0.25_32", classes=3)) for _ in range(2))
    assert learner.kept is not None and other.kept is not None
    save_state(tmp_path, learner, PROGRESS)
    restore_state(tmp_path, other)
    theirs = other.kept.state_dict()
    assert all(torch.equal(theirs[name], tensor) for name, tensor in learner.kept.state_dict().items())
    save_state(tmp_path, _learner(), PROGRESS)
    with pytest.raises(UsageError, match="has no tensor"):
        restore_state(tmp_path, other)


@pytest.mark.parametrize("kind", _KINDS)
def test_a_restored_learner_goes_on_as_the_saved_one(kind: str, tmp_path: Path) -> None:
    learner, other = _learner(kind), _learner(kind, steps=1)
    save_state(tmp_path, learner, PROGRESS)
    assert restore_state(tmp_path, other) == PROGRESS
    assert _weights(other) == _weights(learner)
    _step(learner)
    _step(other)
    assert _weights(other) == _weights(learner)


def test_a_state_before_the_first_step(tmp_path: Path) -> None:
    learner, other = _learner(steps=0), _learner(steps=1)
    save_state(tmp_path, learner, Progress())
    restore_state(tmp_path, other)
    _step(learner)
    _step(other)
    assert _weights(other) == _weights(learner)


def test_the_file_holds_no_pickle(tmp_path: Path) -> None:
    save_state(tmp_path, _learner(), PROGRESS)
    saved = read_tensors(tmp_path / STATE)
    assert json.loads(json.dumps(saved.facts)) == saved.facts
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["latest.safetensors"]


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _without(what: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        saved = read_tensors(file)
        write_tensors(file, saved.tensors, {name: value for name, value in saved.facts.items() if name != what})

    return change


def _unknown_parameter(file: Path) -> None:
    saved = read_tensors(file)
    write_tensors(file, {**saved.tensors, "optimiser/999/exp_avg": torch.zeros(2)}, saved.facts)


def _unknown_field(file: Path) -> None:
    saved = read_tensors(file)
    saved.facts["progress"]["moon"] = "full"
    write_tensors(file, saved.tensors, saved.facts)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (Path.unlink, "is missing: the checkpoint is not whole"),
        (_truncate, "is damaged"),
        (_without("progress"), "is damaged.*start again with --overwrite"),
        (_without("optimiser"), "is damaged.*start again with --overwrite"),
        (_without("optimiser_kind"), "was saved with None"),
        (_unknown_parameter, "is damaged.*start again with --overwrite"),
        (_unknown_field, "is damaged.*moon.*start again with --overwrite"),
    ],
)
def test_a_damaged_state_is_said_in_one_line(damage: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    save_state(tmp_path, _learner(), PROGRESS)
    damage(tmp_path / STATE)
    with pytest.raises(UsageError, match=words) as raised:
        restore_state(tmp_path, _learner(steps=0))
    assert "\n" not in str(raised.value)


def test_a_state_of_another_network_or_optimiser(tmp_path: Path) -> None:
    save_state(tmp_path, _learner("sgd"), PROGRESS)
    with pytest.raises(UsageError, match=r"was saved with SGD, run\.json asks for AdamW"):
        restore_state(tmp_path, _learner("adamw", steps=0))
    with pytest.raises(UsageError, match="has the shape"):
        restore_state(tmp_path, _learner("sgd", name="mobilenet_v1_0.5_32", steps=0))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_learner_knows_whether_it_is_finite(value: float) -> None:
    learner = _learner(steps=1)
    assert learner.is_finite()
    learner.network.state_dict()["blocks.conv_0.norm.running_var"][3] = value
    assert not learner.is_finite()
