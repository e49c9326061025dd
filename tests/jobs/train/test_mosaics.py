"""A detector that learns from mosaics: who cuts them, and where a run was stopped, changes nothing."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mobilenets.checkpoint import MODEL
from mobilenets.data.looking import Looking, Seen
from mobilenets.errors import JobError
from mobilenets.jobs.train import resume, train
from mobilenets.run import Architecture, Augmentation, Detection, Machine, Optimisation, Run
from mobilenets.training.step import Stepper, StepResult

# Python 3.12 and later warn of every fork of a process that has threads, as torch's always has.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report draws figures for longer than these runs take; it is tested elsewhere."""
    monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in YOLO's layout: noise, with a bright box in each photograph."""
    folder = tmp_path_factory.mktemp("boxes") / "set"
    for split, count in (("train", 8), ("val", 2)):
        for part in ("images", "labels"):
            (folder / part / split).mkdir(parents=True)
        for number in range(count):
            pixels = np.random.default_rng(number).integers(0, 100, (60, 80, 3), dtype=np.uint8)
            pixels[10 : 30 + number, 20 : 50 + number] = 230
            Image.fromarray(pixels).save(folder / "images" / split / f"{number}.png")
            wide, tall = (30 + number) / 80, (20 + number) / 60
            row = f"0 {20 / 80 + wide / 2} {10 / 60 + tall / 2} {wide} {tall}\n"
            (folder / "labels" / split / f"{number}.txt").write_text(row)
    (folder / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [box]\n")
    return folder


def _run(data: Path, out: Path, *, workers: int = 0, mosaic: float = 0.5) -> Run:
    return Run(
        data=str(data),
        out=out,
        task="detect",
        architecture=Architecture(width=0.25, resolution=64, min_depth=16),
        augmentation=Augmentation(min_area=0.1),
        optimisation=Optimisation(lr=1e-3, ema=0.5),
        detection=Detection(mosaic=mosaic, mosaic_until=0.7),
        machine=Machine(device="cpu", threads=1, workers=workers),
        epochs=3,
        batch=4,
    )


def _learn(run: Run) -> bytes:
    train(run, console=Console(quiet=True))
    return (run.out / MODEL).read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(boxes: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mobilenets.jobs.train.write_report", lambda *_: None)
        patched.setenv("MOBILENETS_CACHE", str(tmp_path_factory.mktemp("cache")))
        return _learn(_run(boxes, tmp_path_factory.mktemp("uninterrupted") / "run"))


@pytest.mark.parametrize("step", [1, 4, 5])
def test_a_stopped_run_goes_on_to_the_same_bits(
    boxes: Path, tmp_path: Path, uninterrupted: bytes, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an epoch of mosaics, at the end of them, and when they are over."""
    count, whole = 0, Stepper.step

    def counted(self: Stepper, *arguments: Any, **named: Any) -> StepResult:
        nonlocal count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return whole(self, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "step", counted)
        with pytest.raises(JobError, match="stopped by SIGTERM"):
            _learn(_run(boxes, tmp_path / "run"))
    resume(tmp_path / "run", console=Console(quiet=True))
    assert (tmp_path / "run" / MODEL).read_bytes() == uninterrupted


def test_workers_cut_the_same_mosaics(boxes: Path, tmp_path: Path, uninterrupted: bytes) -> None:
    assert _learn(_run(boxes, tmp_path / "run", workers=2)) == uninterrupted
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert _learn(_run(boxes, tmp_path / "plain", mosaic=0.0)) != uninterrupted


def test_the_last_epochs_have_no_mosaics(boxes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[int] = []
    look, mosaic = Looking.look, Looking._mosaic

    def watched(self: Looking, *arguments: Any) -> Seen:
        joined.append(epochs[-1])
        return mosaic(self, *arguments)

    epochs: list[int] = []

    def told(self: Looking, place: int, epoch: int, image: Any) -> Seen | None:
        epochs.append(epoch)
        return look(self, place, epoch, image)

    monkeypatch.setattr(Looking, "_mosaic", watched)
    monkeypatch.setattr(Looking, "look", told)
    _learn(_run(boxes, tmp_path / "run", mosaic=1.0))
    assert joined == [0] * 8 + [1] * 8
