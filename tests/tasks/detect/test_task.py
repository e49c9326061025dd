"""The task with either framework, from targets to answers."""

import json
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from mobilenets.data.examples import Batch
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.run import Architecture, Detection
from mobilenets.tasks.detect.frameworks import FRAMEWORKS
from mobilenets.tasks.detect.task import Detect
from mobilenets.tasks.parts import Guides

ARCHITECTURE = Architecture(width=0.25, resolution=64)
CLASSES = ("cat", "owl")


def _task(framework: str) -> Detect:
    return Detect(CLASSES, (3, 7), Detection(framework=framework))  # type: ignore[arg-type]


def _batch() -> Batch:
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    boxes = torch.tensor([[[0.1, 0.1, 0.6, 0.7], [0.0] * 4], [[0.3, 0.5, 0.9, 0.9], [0.0, 0.0, 0.4, 0.4]]])
    return Batch(images, {"boxes": boxes, "kinds": torch.tensor([[1, -1], [0, 1]])}, torch.arange(2))


def _network(task: Detect) -> Network:
    torch.manual_seed(0)
    network = Network(task.layers(ARCHITECTURE))
    initialise(network, stddev=0.05)
    return network


def _inputs(batch: Batch) -> Tensor:
    return batch.images.float() / 127.5 - 1


@pytest.fixture(params=FRAMEWORKS)
def task(request: pytest.FixtureRequest) -> Iterator[Detect]:
    yield _task(request.param)


def test_the_framework_is_kept_in_a_checkpoint(task: Detect) -> None:
    again = Detect.restore(json.loads(json.dumps(task.state())))
    assert again.framework is task.framework
    assert again.layers(ARCHITECTURE) == task.layers(ARCHITECTURE)


def test_what_is_evaluated_has_a_loss_and_answers(task: Detect) -> None:
    batch, network = _batch(), _network(task).eval()
    with torch.inference_mode():
        outputs = network(_inputs(batch))
        loss, again = (task.loss(outputs, batch) for _ in range(2))
        answers = task.answers(outputs)
    assert loss.isfinite() and loss == again  # nothing is drawn
    assert len(answers) == 2
    assert all(0 < len(one) <= task.framework.limit for one in answers)  # type: ignore[arg-type]


def test_faster_rcnn_alone_is_told_the_objects() -> None:
    batch = _batch()
    assert isinstance(_task("ssd"), Guides)
    assert not _task("ssd").guide(batch)
    assert _task("frcnn").guide(batch) == batch.targets


def test_faster_rcnn_learns_from_both_stages() -> None:
    task, batch = _task("frcnn"), _batch()
    network = _network(task).train()
    stages = network(_inputs(batch), task.guide(batch))
    task.guided_loss(stages, batch).backward()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in network.parameters())
    assert task.watch(stages.second.detach(), batch) == {}
