"""What rounded kernels shift a layer's outputs by on average, taken back in its bias.

Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), section 4.2, with the
expected input measured on photographs: a convolution is linear, so the mean shift is the kernel's error applied to
the mean input.
"""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobilenets.deployment.int8.fake import Kernels, kernel_grid, weighted
from mobilenets.network.blocks import ConvNorm
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.int8 import quantise
from mobilenets.network.padding import pad_same
from mobilenets.network.watch import run_watched


def bias_corrected(network: Network, batches: Iterable[Tensor], *, kernels: Kernels = "channel symmetric") -> Network:
    """A copy of a folded network whose biases take back the mean error of its kernels on the grid of `kernels`."""
    made = copy.deepcopy(network)
    means = _mean_inputs(made, batches)
    with torch.no_grad():
        for path, mean in means.items():
            block = made.get_submodule(path)
            module = weighted(block)
            assert module is not None  # only these were measured
            error = quantise(module.weight, kernel_grid(module.weight, kernels)) - module.weight
            shift = _applied(block, module, error, mean)
            module.bias = nn.Parameter(-shift if module.bias is None else module.bias - shift)
    return made


def _mean_inputs(network: Network, batches: Iterable[Tensor]) -> dict[str, Tensor]:
    """The mean of what each block with weights reads, (1, ...), by its path."""
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}

    def note(path: str, given: Tensor, _: Tensor) -> None:
        sums[path] = sums.get(path, 0.0) + given.sum(0, keepdim=True)
        counts[path] = counts.get(path, 0) + len(given)

    blocks = {path: network.get_submodule(path) for path in module_paths(network.layers).values()}
    run_watched(network, batches, {path: one for path, one in blocks.items() if weighted(one) is not None}, note)
    return {path: sums[path] / counts[path] for path in sums}


def _applied(block: nn.Module, module: nn.Conv2d | nn.Linear, kernel: Tensor, given: Tensor) -> Tensor:
    """The mean output of each channel, (channels,), of a block with another kernel and no bias."""
    if isinstance(module, nn.Linear):
        return F.linear(given.flatten(1), kernel)[0]
    if isinstance(block, ConvNorm) and block.pad_same:
        given = pad_same(given, kernel=block.kernel, stride=block.stride)
    made = F.conv2d(given, kernel, None, module.stride, module.padding, module.dilation, module.groups)
    return made.mean((0, 2, 3))
