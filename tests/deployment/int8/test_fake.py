"""Networks on 8-bit grids in floats."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mobilenets.architecture.layer import IMAGE
from mobilenets.deployment.int8.fake import (
    Kernels,
    Range,
    activation_grid,
    fake_quantised,
    float_copy,
    kernel_grid,
    observe,
)
from mobilenets.network.graph import Network
from mobilenets.network.int8 import quantise


def _error(network: Network, batches: list[Tensor], kernels: Kernels, *, activations: bool = True) -> float:
    made = fake_quantised(network, observe(network, batches), kernels=kernels, activations=activations)
    with torch.inference_mode():
        return float(torch.cat([made(one) - network(one) for one in batches]).square().mean())


def test_the_ladder(folded: Callable[..., Network], batches: list[Tensor]) -> None:
    """Where one channel's kernel is large, one grid for all kernels is too coarse for the others."""
    network = folded()
    for block in network.blocks.values():
        if hasattr(block, "depthwise"):
            block.depthwise.conv.weight[0] *= 40
    errors = {
        kernels: _error(network, batches, kernels, activations=kernels == "float")  # type: ignore[arg-type]
        for kernels in ("layer asymmetric", "channel symmetric", "channel asymmetric", "float")
    }
    assert errors["layer asymmetric"] > 1.5 * errors["channel symmetric"]
    assert errors["channel symmetric"] > errors["channel asymmetric"] > 0
    assert errors["float"] > 0
    assert _error(network, batches, "float", activations=False) == 0


def test_ranges_are_those_of_all_batches(folded: Callable[..., Network], batches: list[Tensor]) -> None:
    network = folded()
    seen = observe(network, batches)
    assert set(seen) == {IMAGE, *(layer.name for layer in network.layers)}
    everything = torch.cat(batches)
    assert seen[IMAGE] == Range(float(everything.min()), float(everything.max()))
    assert all(0 <= seen[layer.name].low <= seen[layer.name].high <= 6 for layer in network.layers if layer.activation)
    assert not any(module._forward_hooks for module in network.modules())


def test_gradients_reach_float_weights_that_can_be_had_back(
    folded: Callable[..., Network], batches: list[Tensor]
) -> None:
    network = folded()
    learner = fake_quantised(network, observe(network, batches), kernels="channel symmetric").requires_grad_(True)
    learner(batches[0]).square().sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in learner.parameters())
    with torch.no_grad():
        for parameter in learner.parameters():
            parameter.add_(0.25)
    back = float_copy(learner, network)
    assert back.state_dict().keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(back.state_dict()[name], value + 0.25)


@given(
    st.lists(st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=2), min_size=1, max_size=4),
    st.sampled_from(["layer asymmetric", "layer symmetric", "channel asymmetric", "channel symmetric"]),
)
def test_every_weight_is_within_half_a_step(rows: list[list[float]], kernels: Kernels) -> None:
    kernel = torch.tensor(rows)
    grid = kernel_grid(kernel, kernels)
    assert len(grid.scales) == (len(rows) if kernels.startswith("channel") else 1)
    # An end may fall beyond the last value by what the zero point was rounded by.
    step = torch.tensor(grid.scales).view(-1, 1)
    assert ((quantise(kernel, grid) - kernel).abs() <= 1.01 * step + 1e-6).all()
    assert quantise(torch.zeros_like(kernel), grid).abs().max() == 0


@pytest.mark.parametrize(("low", "high"), [(0.0, 6.0), (1.0, 2.0), (-3.0, -1.0), (-1.0, 3.0), (0.0, 0.0)])
def test_zero_is_on_every_grid_of_activations(low: float, high: float) -> None:
    grid = activation_grid(Range(low, high))
    values = quantise(torch.tensor([0.0, low, high]), grid)
    assert values[0] == 0
    assert values.tolist() == pytest.approx([0.0, low, high], abs=0.01 * (high - low) + 0.02)
