"""What comes before the first step: the head on a still body, batch norm for folded weights, and what then ships."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from mobilenets.checkpoint import MODEL, STATE, Description, read_description, read_tensors, write_description
from mobilenets.checkpoint import write_tensors as write
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import JobError
from mobilenets.jobs.train import Trained, beginning, resume, train
from mobilenets.jobs.train import job as job_module
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.run import Architecture, Optimisation, Run
from mobilenets.tasks.classify import Classify
from mobilenets.training.step import Stepper
from mobilenets.training.watch import METRICS

Make = Callable[..., Run]

TINY = Architecture(width=0.25, resolution=32)
_TIMES = ("seconds", "images_per_second")
_FINETUNE: dict[str, Any] = {
    "head_first": True,
    "keep": "best",
    "optimisation": Optimisation(lr=5e-4, warmup_epochs=1.0, freeze_norm=True),
}


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "report" not in request.node.name:
        monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)


def _checkpoint(folder: Path, architecture: Architecture) -> Path:
    """Random weights for other classes."""
    task = Classify(("one", "two"))
    torch.manual_seed(0)
    network = Network(task.layers(architecture))
    initialise(network, stddev=0.3)
    folder.mkdir(parents=True)
    write_description(folder, Description(task.name, task.state(), architecture, Preprocessing(resolution=32), "x"))
    write(folder / MODEL, network.state_dict(), {})
    return folder


@pytest.fixture(scope="module")
def other_classes(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the swatches taught, with a head that answers something else."""
    folder = tmp_path_factory.mktemp("weights") / "body"
    description = read_description(tiny_model)
    task = Classify(("one", "two", "three"))
    folder.mkdir()
    write_description(folder, replace(description, task_state=task.state()))
    tensors = read_tensors(tiny_model / MODEL).tensors
    tensors["blocks.classifier.linear.weight"] = torch.zeros(3, 256)
    write(folder / MODEL, tensors, {})
    return folder


def _learn(run: Run, console: Console | None = None) -> Trained:
    return train(run, console=console or Console(quiet=True))


def _whole(folder: Path) -> dict[str, Any]:
    state = read_tensors(folder / STATE)
    rows = [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]
    return {
        "model": (folder / MODEL).read_bytes(),
        "state": {name: tensor.numpy().tobytes() for name, tensor in state.tensors.items()},
        "rows": [{name: value for name, value in row.items() if name not in _TIMES} for row in rows],
        "notes": state.facts["progress"]["notes"],
    }


def test_the_head_alone_answers_what_the_body_knows(tiny_run: Make, other_classes: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", epochs=1, weights=str(other_classes), **_FINETUNE)
    first, last = _learn(run).history
    assert (first["epoch"], last["epoch"]) == (0, 1)
    assert first["val_top1"] == 1.0
    assert first["val_loss"] < 0.3
    assert "train_loss" not in first


def test_what_ships_is_the_best_epoch_and_is_said(tiny_run: Make, other_classes: Path, tmp_path: Path) -> None:
    """A learning rate that ruins the body leaves the head alone as the best there was."""
    ruinous = replace(_FINETUNE["optimisation"], lr=3.0, warmup_epochs=0.0, clip=0.0, ema=0.0, schedule="constant")
    run = tiny_run(tmp_path / "run", weights=str(other_classes), **{**_FINETUNE, "optimisation": ruinous})
    trained = _learn(run)
    assert trained.history[-1]["val_loss"] > trained.history[0]["val_loss"]
    assert trained.scores["top1"] == trained.history[0]["val_top1"] == 1.0
    (note,) = [note for note in trained.notes if "ships" in note]
    assert note.startswith("the head alone ships: its held-out top1 1.0000 was the best of 4 (the last: ")
    kept = read_tensors(run.out / MODEL).tensors
    body = read_tensors(other_classes / MODEL).tensors
    assert all(torch.equal(kept[name], body[name]) for name in kept if "classifier" not in name)
    assert _learn(replace(run, out=tmp_path / "last", keep="last")).scores["top1"] < 1.0


def test_resuming_a_finished_run_tells_the_same(tiny_run: Make, other_classes: Path, tmp_path: Path) -> None:
    ruinous = replace(_FINETUNE["optimisation"], lr=3.0, warmup_epochs=0.0, clip=0.0, ema=0.0)
    run = tiny_run(tmp_path / "run", weights=str(other_classes), **{**_FINETUNE, "optimisation": ruinous})
    trained = _learn(run)
    again = resume(run.out, console=Console(quiet=True))
    assert (again.scores, again.history, again.notes) == (trained.scores, trained.history, trained.notes)


def test_frozen_statistics_stay(tiny_run: Make, other_classes: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", weights=str(other_classes), **{**_FINETUNE, "keep": "last"})
    _learn(run)
    before, after = (read_tensors(folder / MODEL).tensors for folder in (other_classes, run.out))
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.endswith("norm.weight") for name in moved)
    assert not any("running" in name or "num_batches" in name for name in moved)


class _Died(BaseException):
    """A kill, as far as the run can tell."""


_MOMENTS = {
    "while the head is found": (Classify, "fit_head", 1),
    "while the head is scored": (job_module.Job, "evaluate", 1),
    "before the head is saved": (job_module.Job, "save", 1),
    "between the head's model and its state": (job_module, "save_state", 1),
    "in the first step": (Stepper, "step", 1),
    "while an epoch is kept": (job_module.Job, "keep", 2),
    "in a step of the second epoch": (Stepper, "step", 5),
}


@pytest.mark.parametrize("moment", _MOMENTS)
def test_a_run_that_died_goes_on_to_the_same_bits(
    moment: str, tiny_run: Make, other_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, number = _MOMENTS[moment]
    original, calls = getattr(owner, name), 0

    def die(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            raise _Died
        return original(*arguments, **named)

    settings = {"epochs": 2, "weights": str(other_classes), **_FINETUNE}
    whole = tiny_run(tmp_path / "whole", **settings)
    _learn(whole)
    died = tiny_run(tmp_path / "died", save_minutes=0.0, **settings)
    with monkeypatch.context() as patched, pytest.raises(_Died):
        patched.setattr(owner, name, die)
        _learn(died)
    resume(died.out, console=Console(quiet=True))
    assert _whole(died.out) == _whole(whole.out)


@pytest.mark.parametrize("during", ["features", "fit_head"])
def test_ctrl_c_before_the_first_step(
    during: str, tiny_run: Make, other_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name = (beginning, "features") if during == "features" else (Classify, "fit_head")
    original = getattr(owner, name)

    def interrupted(*arguments: Any, **named: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return original(*arguments, **named)

    run = tiny_run(tmp_path / "run", epochs=1, weights=str(other_classes), **_FINETUNE)
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, interrupted)
        with pytest.raises(JobError, match=r"stopped by SIGINT before the first step: begin again with .* --resume"):
            _learn(run)
    assert not (run.out / STATE).exists()
    assert resume(run.out, console=Console(quiet=True)).epochs == 1


def test_a_head_for_these_classes_learns_on(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    trained = _learn(tiny_run(tmp_path / "run", epochs=1, weights=str(tiny_model), **_FINETUNE))
    assert [row["epoch"] for row in trained.history] == [1]
    assert any("bring a head for these very classes" in note for note in trained.notes)


def test_a_task_without_such_a_head_says_so(
    tiny_run: Make, other_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "FitsHead", Path)
    trained = _learn(tiny_run(tmp_path / "run", epochs=1, weights=str(other_classes), **_FINETUNE))
    assert [row["epoch"] for row in trained.history] == [1]
    assert any("classify has no head that can be found first" in note for note in trained.notes)


def test_folded_weights_get_their_norms_back(tiny_run: Make, tmp_path: Path) -> None:
    weights = _checkpoint(tmp_path / "folded", replace(TINY, norm=False))
    said = Console(record=True, width=200, file=StringIO())
    trained = _learn(tiny_run(tmp_path / "run", epochs=1, weights=str(weights), **_FINETUNE), said)
    assert any("put back with the statistics of 18 training photographs" in note for note in trained.notes)
    assert said.export_text().count("put back with the statistics") == 1
    tensors = read_tensors(tmp_path / "run" / STATE).tensors
    variances = [tensor for name, tensor in tensors.items() if name.endswith("running_var")]
    assert variances
    assert all(not torch.equal(tensor, torch.ones_like(tensor)) for tensor in variances)


def test_run_json_says_where_the_weights_came_from(tiny_run: Make, other_classes: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", epochs=1, weights=str(other_classes))
    _learn(run)
    origin = read_description(run.out).origin
    assert origin is not None
    assert origin.weights == str(other_classes)
    assert len(origin.sha256) == 64
    resume(run.out, console=Console(quiet=True))
    assert read_description(run.out).origin == origin


def test_the_report_shows_the_head_as_epoch_0(tiny_run: Make, other_classes: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", epochs=1, weights=str(other_classes), **_FINETUNE)
    _learn(run)
    page = (run.out / "report.html").read_text()
    assert "Epoch 0 is the head alone" in page
    assert "1 epochs" in page
    assert "ships: its held-out top1" in page


def test_ants_and_bees_from_published_weights(tiny_run: Make, shared_data: Path, tmp_path: Path) -> None:
    """The smallest published network at 128 pixels, its norms folded in its file: the head alone, in seconds."""
    run = tiny_run(
        tmp_path / "run",
        data=str(shared_data / "hymenoptera"),
        architecture=Architecture(width=0.25, resolution=128),
        weights=str(shared_data / "weights" / "mobilenet_v1_0.25_128_quant.tflite"),
        batch=32,
        epochs=1,
        **_FINETUNE,
    )
    trained = _learn(run)
    assert trained.history[0]["val_top1"] > 0.8
    assert trained.scores["top1"] >= trained.history[0]["val_top1"]
