"""The moving average of the weights, which is what gets evaluated and shipped (TF-Slim's practice)."""

import copy

import torch
from torch import nn


class Average:
    """A copy of a network that follows it: every float, batch norm's statistics too, moves by (1 - decay).

    With a decay of 0 the copy is the network of the last step.
    """

    def __init__(self, network: nn.Module, *, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self._mine = list(self.network.state_dict().values())
        self._theirs = list(network.state_dict().values())

    def update(self) -> None:
        """Move towards the network after one of its steps."""
        floats = [pair for pair in zip(self._mine, self._theirs, strict=True) if pair[0].is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_([mine for mine, _ in floats], [theirs for _, theirs in floats], 1 - self.decay)
            for mine, theirs in zip(self._mine, self._theirs, strict=True):
                if not mine.is_floating_point():
                    mine.copy_(theirs)
