"""The moving average of the weights, which is what gets evaluated and shipped (TF-Slim's practice)."""

import copy

import torch
from torch import nn


class Average:
    """A copy of a network that follows it: every float, batch norm's statistics too.

    The network has to stay on its device and in its memory format: the average reads the tensors that it has now.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        mine, theirs = self.network.state_dict(), network.state_dict()
        floats = [name for name, tensor in mine.items() if tensor.is_floating_point()]
        self._counts = [(mine[name], theirs[name]) for name in mine if name not in floats]
        self._mine = [mine[name] for name in floats]
        self._theirs = [theirs[name] for name in floats]

    def update(self, *, decay: float) -> None:
        """Move by (1 - decay) towards the network after one of its steps; with 0 become what it is."""
        with torch.no_grad():
            torch._foreach_lerp_(self._mine, self._theirs, 1 - decay)
            for count, other in self._counts:
                count.copy_(other)
