"""Optimisers against their formulas, and which weights decay."""

import copy
import math

import pytest
import torch
from torch import nn

from mobilenets.architecture import names
from mobilenets.network.graph import Network
from mobilenets.recipes import PAPER
from mobilenets.run import Optimisation
from mobilenets.training.optimiser import decay_groups, optimiser

KINDS = ("rmsprop_tf", "sgd", "adamw")


def _names(network: nn.Module, parameters: list[nn.Parameter]) -> set[str]:
    chosen = {id(parameter) for parameter in parameters}
    return {name for name, parameter in network.named_parameters() if id(parameter) in chosen}


def test_biases_batch_norm_and_depthwise_filters_do_not_decay() -> None:
    network = Network(names.network("mobilenet_v1_0.25_32", classes=3))
    decayed, kept = decay_groups(network, Optimisation(weight_decay=0.01))
    expected = {f"blocks.separable_{place}.pointwise.conv.weight" for place in range(1, 14)}
    expected |= {"blocks.conv_0.conv.weight", "blocks.classifier.linear.weight"}
    assert _names(network, decayed["params"]) == expected
    assert _names(network, kept["params"]) == {name for name, _ in network.named_parameters()} - expected
    assert len(decayed["params"]) + len(kept["params"]) == len(list(network.parameters()))
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.01, 0.0)


def test_depthwise_filters_decay_where_that_is_asked_for() -> None:
    network = Network(names.network("mobilenet_v1_0.25_32", classes=3))
    decayed, kept = decay_groups(network, Optimisation(decay_depthwise=True))
    assert "blocks.separable_1.depthwise.conv.weight" in _names(network, decayed["params"])
    assert all(parameter.ndim == 1 for parameter in kept["params"])


def test_grouped_convolutions_are_not_depthwise() -> None:
    """AlexNet's two columns, and a convolution of one channel, whose only group is not a depthwise one."""
    network = nn.Sequential(nn.Conv2d(8, 8, 3, groups=2, bias=False), nn.Conv2d(1, 4, 3, bias=False))
    decayed, kept = decay_groups(network, Optimisation())
    assert len(decayed["params"]) == 2 and not kept["params"]


def test_batch_norm_over_many_processes_does_not_decay_either() -> None:
    network = nn.SyncBatchNorm.convert_sync_batchnorm(Network(names.body("mobilenet_v1_0.25_32")))
    assert all(parameter.ndim == 4 for parameter in decay_groups(network, Optimisation())[0]["params"])


def test_frozen_weights_are_left_out() -> None:
    network = Network(names.network("mobilenet_v1_0.25_32", classes=3))
    network.requires_grad_(False)
    network.blocks["classifier"].requires_grad_(True)
    decayed, kept = decay_groups(network, Optimisation())
    assert _names(network, decayed["params"]) == {"blocks.classifier.linear.weight"}
    assert _names(network, kept["params"]) == {"blocks.classifier.linear.bias"}


def _steps(settings: Optimisation, *, weight: float, gradients: list[float], lrs: list[float]) -> float:
    """Where a single decaying weight ends after a step for each gradient."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, weight)
    chosen = optimiser(network, settings)
    for gradient, lr in zip(gradients, lrs, strict=True):
        for group in chosen.param_groups:
            group["lr"] = lr
        network.weight.grad = torch.full_like(network.weight, gradient)
        chosen.step()
    return network.weight.item()


def test_rmsprop_is_tensorflow_s() -> None:
    """Epsilon 1 inside the root, the mean of squares starting at 1, the rate inside the momentum."""
    gradients, lrs = [2.0, -1.0, 0.5], [0.1, 0.05, 0.2]
    weight, square, momentum = 3.0, 1.0, 0.0
    for gradient, lr in zip(gradients, lrs, strict=True):
        whole = gradient + 0.04 * weight
        square = 0.9 * square + 0.1 * whole**2
        momentum = 0.8 * momentum + lr * whole / math.sqrt(square + 1.0)
        weight -= momentum
    settings = Optimisation(optimiser="rmsprop_tf", weight_decay=0.04, momentum=0.8)
    assert _steps(settings, weight=3.0, gradients=gradients, lrs=lrs) == pytest.approx(weight, rel=1e-6)


def test_sgd_has_nesterov_s_momentum_and_l2() -> None:
    gradients, lrs = [2.0, -1.0, 0.5], [0.1, 0.05, 0.2]
    weight, velocity = 3.0, 0.0
    for gradient, lr in zip(gradients, lrs, strict=True):
        whole = gradient + 0.04 * weight
        velocity = 0.8 * velocity + whole
        weight -= lr * (whole + 0.8 * velocity)
    settings = Optimisation(optimiser="sgd", weight_decay=0.04, momentum=0.8)
    assert _steps(settings, weight=3.0, gradients=gradients, lrs=lrs) == pytest.approx(weight, rel=1e-6)


def test_adamw_decays_beside_the_gradient() -> None:
    gradients, lrs = [2.0, -1.0, 0.5], [0.1, 0.05, 0.2]
    weight, mean, square = 3.0, 0.0, 0.0
    for step, (gradient, lr) in enumerate(zip(gradients, lrs, strict=True), start=1):
        mean = 0.8 * mean + 0.2 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        weight -= lr * 0.04 * weight
        weight -= lr * (mean / (1 - 0.8**step)) / (math.sqrt(square / (1 - 0.999**step)) + 1e-8)
    settings = Optimisation(optimiser="adamw", weight_decay=0.04, momentum=0.8)
    assert _steps(settings, weight=3.0, gradients=gradients, lrs=lrs) == pytest.approx(weight, rel=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_from_its_stored_state_to_the_same_bits(kind: str, momentum: float) -> None:
    settings = Optimisation(optimiser=kind, momentum=momentum, lr=0.01)  # type: ignore[arg-type]
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 6, 3, groups=3, bias=False), nn.BatchNorm2d(6), nn.Flatten(), nn.Linear(96, 2))
    images = torch.randn(4, 3, 6, 6)
    chosen = optimiser(network, settings)
    for _ in range(2):
        _learn(network, chosen, images)
    twin = copy.deepcopy(network)
    other = optimiser(twin, settings)
    other.load_state_dict(copy.deepcopy(chosen.state_dict()))
    before = {name: parameter.clone() for name, parameter in network.named_parameters()}
    _learn(network, chosen, images)
    _learn(twin, other, images)
    for (name, mine), theirs in zip(network.named_parameters(), twin.parameters(), strict=True):
        assert torch.equal(mine, theirs), name
        assert torch.isfinite(mine).all(), name
    assert any(not torch.equal(parameter, before[name]) for name, parameter in network.named_parameters())


def _learn(network: nn.Module, chosen: torch.optim.Optimizer, images: torch.Tensor) -> None:
    network(images).square().mean().backward()
    chosen.step()
    chosen.zero_grad()


def test_the_paper_s_recipe_is_rmsprop() -> None:
    chosen = optimiser(nn.Linear(2, 2), PAPER)
    assert type(chosen).__name__ == "RMSpropTF"
    assert chosen.param_groups[0]["weight_decay"] == 4e-5 and chosen.param_groups[0]["lr"] == 0.045
