"""Channels whose kernel is next to nothing, which 8 bits get wrong: their bias is as good as all that they say."""

import copy

import torch
from torch import nn

from mobilenets.deployment.int8.fake import weighted
from mobilenets.network.graph import Network

# A bias is a whole number of 32 bits on the scale of its kernel: what is read times this much of the kernel's largest.
# So small a part of a bias is far below a step of the output's 8 bits.
_SHARE = 2.0**-14


def with_room_for_biases(network: Network) -> Network:
    """A copy of a folded network in which every kernel's largest weight is some little part of its bias at least.

    Detectors have channels of nothing but a bias, for classes that a map has never shown; a kernel of zeros has so
    small a scale that its bias does not go into 32 bits.
    """
    made = copy.deepcopy(network)
    with torch.no_grad():
        for block in made.modules():
            module = weighted(block)
            if module is not None and module.bias is not None:
                _widen(module)
    return made


def _widen(module: nn.Conv2d | nn.Linear) -> None:
    kernels = module.weight
    assert module.bias is not None  # the caller looked
    least = module.bias.abs() * _SHARE
    small = kernels.abs().flatten(1).amax(1) < least
    first = kernels[:, 0] if kernels.dim() == 2 else kernels[:, 0, 0, 0]  # noqa: PLR2004
    first[small] = least[small]
