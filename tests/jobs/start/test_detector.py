"""A detector's weights in one that finds other things."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mobilenets.checkpoint import Origin
from mobilenets.data.preprocess import Preprocessing
from mobilenets.jobs.start import StartingWeights, open_weights, put_weights
from mobilenets.jobs.start.detector import for_other_classes
from mobilenets.network.graph import Network
from mobilenets.run import Architecture
from mobilenets.tasks.detect.task import Detect

TINY = Architecture(width=0.04, resolution=32, min_depth=16)
BIRDS = Detect(("owl", "ibis", "crane"), (1, 2, 3))
OTHERS = Detect(("crane", "stork", "owl", "auk"), (1, 2, 3, 4))
IMAGE = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def drawn(task: Detect, *, seed: int, architecture: Architecture = TINY) -> Network:
    torch.manual_seed(seed)
    network = Network(task.layers(architecture)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return network


def weights(network: Network, task: Detect, architecture: Architecture = TINY) -> StartingWeights:
    return StartingWeights(
        origin=Origin("birds", "0"),
        where=Path("birds"),
        architecture=architecture,
        preprocessing=Preprocessing(resolution=32),
        task=task,
        state=network.state_dict(),
    )


def scores(network: Network, task: Detect) -> tuple[Tensor, Tensor]:
    """Scores (N, boxes, 1 + classes), and all else that a detector tells."""
    with torch.no_grad():
        told: Tensor = network(IMAGE)
    return told[..., : len(task.classes) + 1], told[..., len(task.classes) + 1 :]


def test_classes_of_the_same_name_are_scored_as_before() -> None:
    birds, others = drawn(BIRDS, seed=1), drawn(OTHERS, seed=2)
    first = others.get_parameter("blocks.map_0-scores.conv.bias").detach().clone().view(3, 5)
    placed = put_weights(others, weights(birds, BIRDS), architecture=TINY, task=OTHERS)
    assert not placed.head and not placed.folded
    before, rest = scores(birds, BIRDS)
    after, now = scores(others, OTHERS)
    torch.testing.assert_close(after[..., [0, 1, 3]], before[..., [0, 3, 1]])
    torch.testing.assert_close(now, rest)
    bias = others.get_parameter("blocks.map_0-scores.conv.bias").detach().view(3, 5)
    assert torch.equal(bias[:, [2, 4]], first[:, [2, 4]])


def test_the_same_classes_go_on_as_they_are() -> None:
    birds, other = drawn(BIRDS, seed=1), drawn(BIRDS, seed=2)
    assert put_weights(other, weights(birds, BIRDS), architecture=TINY, task=BIRDS).head
    assert all(torch.equal(tensor, birds.state_dict()[name]) for name, tensor in other.state_dict().items())


@pytest.mark.parametrize("task", [BIRDS, OTHERS])
def test_folded_weights_get_their_norms_back_but_for_the_predictors(task: Detect) -> None:
    folded = replace(TINY, norm=False)
    birds, network = drawn(BIRDS, seed=1, architecture=folded), drawn(task, seed=2)
    assert put_weights(network, weights(birds, BIRDS, folded), architecture=TINY, task=task).folded
    known = [1 + BIRDS.classes.index(name) for name in task.classes if name in BIRDS.classes]
    mine = [1 + place for place, name in enumerate(task.classes) if name in BIRDS.classes]
    torch.testing.assert_close(scores(network, task)[0][..., mine], scores(birds, BIRDS)[0][..., known])


def test_a_second_stage_moves_known_classes_as_before() -> None:
    """Without proposals' boxes a row is a predictor's: two classes of three, in another order."""
    two = Detect(("crane", "owl"), (1, 2), replace(BIRDS.settings, framework="frcnn"))
    three = replace(BIRDS, settings=two.settings)
    architecture = replace(TINY, resolution=64)
    layers = two.layers(architecture)
    old = {"blocks.scores.linear.bias": torch.arange(4.0), "blocks.offsets.linear.bias": torch.arange(12.0)}
    mine = {"blocks.scores.linear.bias": torch.zeros(3), "blocks.offsets.linear.bias": torch.zeros(8)}
    made = for_other_classes(old, mine, layers, known=three.classes, wanted=two.classes)
    assert made["blocks.scores.linear.bias"].tolist() == [0, 3, 1]
    assert made["blocks.offsets.linear.bias"].tolist() == [8, 9, 10, 11, 0, 1, 2, 3]


def test_the_published_ssd_is_a_start(shared_data: Path) -> None:
    start = open_weights(str(shared_data / "weights" / "ssd_mobilenet_v1_coco_quant_detect.tflite"))
    task = start.task
    assert isinstance(task, Detect) and task.numbers == tuple(range(1, 91))
    assert (task.classes[0], task.classes[11], task.classes[-1]) == ("person", "number 12", "toothbrush")
    people = Detect(("person",), (1,))
    network = Network(people.layers(start.architecture))
    put_weights(network, start, architecture=start.architecture, task=people)
    bias = network.get_parameter("blocks.map_0-scores.conv.bias").detach().view(3, 2)
    assert torch.equal(bias, start.state["blocks.map_0-scores.conv.bias"].view(3, 91)[:, :2])
