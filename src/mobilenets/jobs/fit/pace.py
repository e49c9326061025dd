"""How long a candidate takes to learn, before it has learnt: one step, timed."""

import time
from collections.abc import Sequence

import torch
from torch import nn

from mobilenets.architecture.layer import Layer
from mobilenets.network.graph import Network

_BATCH, _RUNS = 16, 3
# Forward alone is about a third of a step.
_FORWARD = 1 / 3


def epoch_seconds(layers: Sequence[Layer], *, learnt: int, scored: int) -> float:
    """Seconds of an epoch over so many photographs, and of scoring so many; without what reading them takes."""
    step = _step_seconds(layers)
    return (learnt * step + scored * step * _FORWARD) / _BATCH


def _step_seconds(layers: Sequence[Layer]) -> float:
    """The quickest of a few steps forward and back, with a batch of noise."""
    torch.manual_seed(0)
    network = Network(list(layers)).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0)
    images = torch.randn(_BATCH, layers[0].in_channels, *layers[0].in_size).to(memory_format=torch.channels_last)
    seconds = []
    for _ in range(_RUNS):
        begun = time.perf_counter()
        _step(network, optimiser, images)
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def _step(network: nn.Module, optimiser: torch.optim.Optimizer, images: torch.Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    network(images).square().mean().backward()
    optimiser.step()
