"""Faster R-CNN as one network: what it gives, that both stages learn, and that it computes what is planned."""

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from mobilenets.architecture.cost import cost
from mobilenets.architecture.detectors.names import detector
from mobilenets.maths.boxes import has_area
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.network.stages import Stages
from mobilenets.tasks.detect.frameworks import guided_loss

CLASSES = 3
GUIDE = {
    "boxes": torch.tensor([[[0.1, 0.1, 0.6, 0.7], [0.0] * 4], [[0.3, 0.5, 0.9, 0.9], [0.0, 0.0, 0.4, 0.4]]]),
    "kinds": torch.tensor([[2, -1], [0, 1]]),
}
# VGG16's 138 million weights take half a minute to draw; its stages are traced in tests/architecture.
SMALL = ["mobilenet_v1_0.25_64", "inception_v2_64"]


def _network(body: str, *, stddev: float = 0.05) -> Network:
    network = Network(detector(f"frcnn_{body}", classes=CLASSES).layers)
    torch.manual_seed(0)
    initialise(network, stddev=stddev)
    return network


def _images(side: int = 64) -> Tensor:
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_evaluated_it_has_a_row_a_proposal() -> None:
    network = _network("mobilenet_v1_0.25_96").eval()
    with torch.no_grad():
        rows = network(_images(96))
        alone = network(_images(96)[1:])
    assert rows.shape == (2, 300, 4 + 12 + 4)
    assert has_area(rows[..., -4:]).any(1).all()
    torch.testing.assert_close(rows[1:], alone, atol=1e-4, rtol=1e-4)


def test_many_images_are_evaluated_a_few_at_a_time() -> None:
    """The crops of a whole batch would fill the memory."""
    network = _network("mobilenet_v1_0.25_32").eval()
    images = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    seen: list[int] = []
    network.blocks["crop"].register_forward_hook(lambda _module, given, _output: seen.append(len(given[0])))
    with torch.no_grad():
        rows = network(images)
        each = torch.cat([network(one[None]) for one in images])
    assert seen[:2] == [4, 2]
    torch.testing.assert_close(rows, each, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("body", SMALL)
def test_traced_is_planned(body: str) -> None:
    """Both stages, as they run."""
    network = _network(body).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        rows = network(_images()[:1])
    planned = cost(network.layers)
    assert rows.shape == (1, *network.layers[-1].out_size[:1], 4 + 12 + 4)
    assert counter.get_total_flops() == 2 * planned.mult_adds
    assert sum(parameter.numel() for parameter in network.parameters()) == planned.params


@pytest.mark.parametrize("body", SMALL)
def test_every_weight_of_both_stages_learns(body: str) -> None:
    network = _network(body).train()
    torch.manual_seed(0)
    stages = network(_images(), GUIDE)
    assert isinstance(stages, Stages)
    assert stages.first.shape[::2] == (2, 2 + 4 + 4) and stages.second.shape == (2, 64, 4 + 12 + 4)
    guided_loss(stages, GUIDE, classes=CLASSES).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    for stage in ("rpn-offsets", "rpn-scores", "offsets", "scores"):
        assert all(bool(one.grad.any()) for one in network.blocks[stage].parameters() if one.grad is not None), stage


def test_a_few_steps_bring_the_loss_down() -> None:
    network = _network("mobilenet_v1_0.25_64").train()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses = []
    for step in range(12):
        torch.manual_seed(step)
        loss = guided_loss(network(_images(), GUIDE), GUIDE, classes=CLASSES)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-3:]) < 0.7 * sum(losses[:3])


def test_in_less_precision_boxes_keep_theirs() -> None:
    network = _network("mobilenet_v1_0.25_64").eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        rows = network(_images())
    assert rows.dtype == torch.float32 and rows.isfinite().all()


def test_without_proposals_there_is_nothing_to_guide() -> None:
    network = Network(detector("ssd_mobilenet_v1_0.25_128", classes=CLASSES).layers)
    with pytest.raises(ValueError, match="makes no proposals"):
        network(_images(128), GUIDE)
