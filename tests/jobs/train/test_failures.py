"""What goes wrong while learning: it is named, and what was saved stays."""

import errno
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor

from mobilenets import files
from mobilenets.checkpoint import MODEL, STATE
from mobilenets.data.photos import BadImage, FilePhoto
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.train import Trained, resume, train
from mobilenets.run import Architecture, Machine, Optimisation, Run
from mobilenets.tasks.classify import Classify
from mobilenets.training import watch
from mobilenets.training.average import Average
from mobilenets.training.step import Stepper, StepResult

Make = Callable[..., Run]


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)


def _learn(run: Run) -> Trained:
    return train(run, console=Console(quiet=True))


def _saved(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (MODEL, STATE)}


def _from_step(monkeypatch: pytest.MonkeyPatch, number: int, spoil: Callable[[Stepper], None]) -> None:
    """Spoil something behind one of the steps."""
    count = 0
    step = Stepper.step

    def spoilt(self: Stepper, *arguments: Any, **named: Any) -> StepResult:
        nonlocal count
        count += 1
        result = step(self, *arguments, **named)
        if count == number:
            spoil(self)
        return result

    monkeypatch.setattr(Stepper, "step", spoilt)


def _infinite_weight(stepper: Stepper) -> None:
    stepper.learner.network.state_dict()["blocks.classifier.linear.weight"][0, 0] = math.inf


def _two_epochs_first(tiny_run: Make, tmp_path: Path, **fields: Any) -> tuple[Path, dict[str, bytes]]:
    """The folder of a run of two epochs that is now one of four, and what it saved so far."""
    _learn(tiny_run(tmp_path / "run", epochs=2, **fields))
    file = tmp_path / "run" / "run.json"
    file.write_text(file.read_text().replace('"epochs": 2', '"epochs": 4'))
    return tmp_path / "run", _saved(tmp_path / "run")


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_state(
    tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, saved = _two_epochs_first(tiny_run, tmp_path)
    loss, calls = Classify.loss, 0

    def spoilt(self: Classify, outputs: Tensor, batch: Any) -> Tensor:
        nonlocal calls
        calls += 1
        return loss(self, outputs, batch) * (math.nan if calls == 2 else 1.0)

    monkeypatch.setattr(Classify, "loss", spoilt)
    words = (
        rf"the loss is nan at step 2 of epoch 3: the run stops, the last state saved in {folder} is kept; start anew"
    )
    with pytest.raises(JobError, match=words + r" with a smaller --lr than 0\.008$"):
        resume(folder, console=Console(quiet=True))
    assert _saved(folder) == saved


def test_weights_that_are_not_finite_are_never_saved(
    tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of the last step was finite, what the step did was not."""
    folder, saved = _two_epochs_first(tiny_run, tmp_path)
    _from_step(monkeypatch, 1, _infinite_weight)
    monkeypatch.setattr("mobilenets.training.loop.time.monotonic", _hours())  # every step is to be saved
    with pytest.raises(JobError, match="the weights are not finite after step 1 of epoch 3"):
        resume(folder, console=Console(quiet=True))
    assert _saved(folder) == saved


def _hours() -> Callable[[], float]:
    now = iter(range(0, 10**9, 3600))
    return lambda: float(next(now))


def test_a_held_out_loss_that_is_not_finite(tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Average, "update", _become_nan)
    words = "the held-out loss is nan after epoch 1: the run stops, nothing was saved yet; start anew with a smaller"
    with pytest.raises(JobError, match=words):
        _learn(tiny_run(tmp_path / "run"))
    assert not (tmp_path / "run" / STATE).exists()


def _become_nan(self: Average, *, decay: float) -> None:
    for tensor in self.network.state_dict().values():
        if tensor.is_floating_point():
            tensor.fill_(math.nan)


def test_a_learning_rate_far_too_high_names_both_remedies(
    tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _from_step(monkeypatch, 2, _infinite_weight)
    optimisation = Optimisation(optimiser="sgd", lr=100.0, clip=0.0)
    with pytest.raises(JobError, match=r"at step 3 of epoch 1.*a smaller --lr than 100 or --clip 1$"):
        _learn(tiny_run(tmp_path / "run", optimisation=optimisation))


def test_a_full_disk_keeps_what_was_saved(tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, saved = _two_epochs_first(tiny_run, tmp_path)

    def full(path: Path) -> None:
        if path.suffix == ".safetensors":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    remedy = (
        f"free some space there; what was there is untouched; go on afterwards with mobilenets train --resume {folder}"
    )
    with monkeypatch.context() as patched:
        patched.setattr(files, "_to_disk", full)
        with pytest.raises(
            JobError, match=rf"model\.safetensors cannot be written: No space left on device: {remedy}$"
        ):
            resume(folder, console=Console(quiet=True))
    assert _saved(folder) == saved
    assert resume(folder, console=Console(quiet=True)).epochs == 4


def _unreadable(names: set[str]) -> Callable[[FilePhoto], bytes]:
    read = FilePhoto.read

    def reading(self: FilePhoto) -> bytes:
        if self.name in names:
            raise BadImage("the disk was pulled out")
        return read(self)

    return reading


def test_a_photograph_that_cannot_be_read_is_counted_and_told(
    tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is decoded before the first step, broken photographs are found on the way: of train and of val."""
    val = {line.split(",")[0] for line in _split(tiny_run, tmp_path) if line.endswith(",val")}
    lost = {"red/0.png" if "red/0.png" not in val else "red/1.png", min(val)}
    monkeypatch.setattr(FilePhoto, "read", _unreadable(lost))
    monkeypatch.setattr("mobilenets.data.audit.MOST_BAD", 0.1)
    trained = _learn(tiny_run(tmp_path / "run"))
    told = next(note for note in trained.notes if "cannot be used" in note)
    assert told.startswith("2 of 24 photographs cannot be used")
    assert all(name in told for name in lost)


def _split(tiny_run: Make, tmp_path: Path) -> list[str]:
    return (_learn(tiny_run(tmp_path / "whole", epochs=1)).folder / "split.csv").read_text().splitlines()


def test_too_many_unreadable_photographs_stop_the_run(
    tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FilePhoto, "read", _unreadable({"red/0.png"}))
    with pytest.raises(JobError, match=r"1 of 24 photographs cannot be used: red/0\.png.*at most 1% may be"):
        _learn(tiny_run(tmp_path / "run"))


def test_a_folder_that_went_away_stops_the_run(tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilePhoto, "read", _unreadable({f"{label}/{n}.png" for label in _LABELS for n in range(8)}))
    with pytest.raises(JobError, match=r"only 0 of the 6 photographs of a step can be read and it takes 2 \(the first"):
        _learn(tiny_run(tmp_path / "run"))


_LABELS = ("blue", "green", "red")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"batch": 1}, "a step of 1 photograph is too small for one part at resolution 32: it takes 2"),
        (
            {"batch": 6, "accumulate": 4},
            "a step of 6 photographs is too small for 4 parts at resolution 32: it takes 8",
        ),
    ],
)
def test_a_step_too_small_for_batch_norm(tiny_run: Make, tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        _learn(tiny_run(tmp_path / "run", **fields))


def test_one_photograph_a_step_is_enough_where_the_maps_are_larger(tiny_run: Make, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", batch=1, epochs=1, architecture=Architecture(width=0.25, resolution=64))
    assert _learn(run).epochs == 1


def test_tensorboard_is_looked_for_before_anything_is_read(
    tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "find_spec", lambda _: None)
    monkeypatch.setattr(FilePhoto, "read", lambda _: pytest.fail("read"))
    with pytest.raises(UsageError, match="pip install"):
        _learn(tiny_run(tmp_path / "run", tensorboard=True))


def test_a_gpu_that_is_not_there(tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="device cuda: this machine has no GPU"):
        _learn(tiny_run(tmp_path / "run", machine=Machine(device="cuda")))
