"""Every task ships: its file answers as its checkpoint does. A new task is one row of `KNOWN`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mobilenets.data.detection.objects import Objects
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.deployment.artefact import LABELS
from mobilenets.deployment.golden import synthetic
from mobilenets.deployment.runtimes.protocol import check_can_export
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.errors import UsageError
from mobilenets.jobs.export import export
from mobilenets.jobs.models import load_any
from mobilenets.tasks.features import Features
from mobilenets.tasks.parts import NamesOutputs, Ships
from mobilenets.tasks.protocol import Task, TaskSettings
from mobilenets.tasks.registry import TASKS

PARIS = {"latitude": "48.8566", "longitude": "2.3522"}
SYDNEY = {"latitude": "-33.8688", "longitude": "151.2093"}

# What is known of photograph 0, 1, ...: enough for the task to learn what its outputs are.
KNOWN: dict[str, Callable[[int], dict[str, Any]]] = {
    "classify": lambda place: {"label": ("even", "odd")[place % 2]},
    "attributes": lambda place: {"fields": {"upright": ("yes", "no")[place % 2], "late": ("no", "yes")[place % 3 % 2]}},
    "detect": lambda place: {"objects": _half(place)},
    "embed": lambda place: {"label": ("Eve", "Otto")[place % 2]},
    "places": lambda place: {"fields": (PARIS, SYDNEY)[place % 2]},
}


def _half(place: int) -> Objects:
    """A thing that fills the upper half."""
    no = np.zeros(1, dtype=bool)
    return Objects((8, 8), np.array([[0.0, 0, 8, 4]]), (("lying", "upright")[place % 2],), no, no, np.array([32.0]))


def _task(name: str) -> Task:
    if name not in KNOWN:
        return Features()
    photo = np.zeros((8, 8, 3), np.uint8)
    examples = (Example(ArrayPhoto(f"{place}.png", photo), split="train", **KNOWN[name](place)) for place in range(12))
    collection = Collection(name="photographs", examples=tuple(examples), categories={1: "lying", 2: "upright"})
    return TASKS[name].learn(collection, settings=TaskSettings())


def test_every_task_has_its_row() -> None:
    assert KNOWN.keys() | {"features"} == TASKS.keys()


@pytest.mark.parametrize("runtime", ["onnx", "openvino", pytest.param("litert", marks=pytest.mark.heavy)])
@pytest.mark.parametrize("name", TASKS)
def test_the_file_answers_as_the_checkpoint(
    name: str, runtime: str, checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    try:
        check_can_export(runtime_named(runtime))
    except UsageError as missing:
        pytest.skip(str(missing))
    task = _task(name)
    folder = checkpoint(task)
    # It is run in its runtime and compared with PyTorch before it is put in place.
    artefact = export(folder, out=tmp_path / "artefact", runtime=runtime).folder
    images = torch.from_numpy(synthetic(count=3, side=32)).permute(0, 3, 1, 2)
    file, trained = (load_any(model, device="cpu") for model in (artefact, folder))
    shipped, right = file(images), trained(images)
    if isinstance(file.task, Ships):
        tail = file.task.tail()
        assert tail is not None
        assert file.task.difference(shipped.numpy(), tail(right).numpy()) < 1e-4
    else:
        np.testing.assert_allclose(shipped.numpy(), right.numpy(), rtol=1e-3, atol=1e-4)
    assert len(file.task.answers(shipped)) == 3
    assert (artefact / LABELS).exists() == isinstance(task, NamesOutputs)
    if isinstance(task, NamesOutputs):
        assert (artefact / LABELS).read_text(encoding="utf-8").splitlines() == list(task.labels)
