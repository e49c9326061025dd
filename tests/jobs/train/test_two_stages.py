"""Faster R-CNN learnt from a classifier's weights, by the loop of all."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from mobilenets.checkpoint import MODEL, Description, write_description, write_tensors
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import JobError
from mobilenets.jobs.train import resume, train
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.run import Architecture, Detection, Machine, Optimisation, Run
from mobilenets.tasks.classify import Classify
from mobilenets.training.step import Stepper, StepResult

ARCHITECTURE = Architecture(width=0.25, resolution=32, min_depth=16)


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report draws figures for longer than these runs take; it is tested elsewhere."""
    monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in YOLO's layout: noise, with a bright box in each photograph but one."""
    folder = tmp_path_factory.mktemp("boxes") / "set"
    for split, count in (("train", 5), ("val", 2)):
        for part in ("images", "labels"):
            (folder / part / split).mkdir(parents=True)
        for number in range(count):
            pixels = np.random.default_rng(number).integers(0, 100, (64, 64, 3), dtype=np.uint8)
            pixels[10:42, 20:52] = 230
            Image.fromarray(pixels).save(folder / "images" / split / f"{number}.png")
            row = f"0 {36 / 64} {26 / 64} 0.5 0.5\n" if number != 1 else ""
            (folder / "labels" / split / f"{number}.txt").write_text(row)
    (folder / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [box]\n")
    return folder


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights for two classes."""
    folder, task = tmp_path_factory.mktemp("weights"), Classify(("one", "two"))
    torch.manual_seed(0)
    network = Network(task.layers(ARCHITECTURE))
    initialise(network, stddev=0.3)
    write_description(folder, Description(task.name, task.state(), ARCHITECTURE, Preprocessing(resolution=32), "x"))
    write_tensors(folder / MODEL, network.state_dict(), {})
    return folder


def _run(data: Path, weights: Path, out: Path, **changes: Any) -> Run:
    return Run(
        data=str(data),
        out=out,
        task="detect",
        weights=str(weights),
        architecture=ARCHITECTURE,
        optimisation=Optimisation(lr=1e-3, ema=0.5, freeze_norm=True),
        detection=Detection(framework="frcnn"),
        machine=Machine(device="cpu", threads=1),
        **{"epochs": 2, "batch": 1, **changes},
    )


def test_a_stopped_run_goes_on_to_the_same_bits(
    boxes: Path, classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One photograph a step, and the boxes that are learnt from drawn anew in each."""
    train(_run(boxes, classifier, tmp_path / "whole"), console=Console(quiet=True))
    count, whole = 0, Stepper.step

    def counted(self: Stepper, *arguments: Any, **named: Any) -> StepResult:
        nonlocal count
        count += 1
        if count == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return whole(self, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "step", counted)
        with pytest.raises(JobError, match="stopped by SIGTERM"):
            train(_run(boxes, classifier, tmp_path / "run"), console=Console(quiet=True))
    resume(tmp_path / "run", console=Console(quiet=True))
    assert (tmp_path / "run" / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()


def test_a_step_may_be_worked_in_parts_and_what_was_done_to_the_weights_is_told(
    boxes: Path, classifier: Path, tmp_path: Path
) -> None:
    run = _run(boxes, classifier, tmp_path / "run", epochs=1, batch=4, accumulate=2)
    trained = train(run, console=Console(quiet=True))
    told = [note for note in trained.notes if "separable_12, separable_13 of the weights lose the activation" in note]
    assert len(told) == 1 and "measured anew on 5 training photographs" in told[0]
    assert trained.history[-1]["train_loss"] > 0
