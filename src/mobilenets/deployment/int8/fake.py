"""A folded network computed in floats that stand on 8-bit grids, by any scheme of grids.

`network.int8.simulate` follows the whole numbers of one runtime; this follows none, and so may leave either side in
floats and any kernel on any grid. Gradients pass through the rounding (a straight-through estimator) and end where a
grid does.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from mobilenets.architecture.layer import IMAGE
from mobilenets.network.blocks import ConvNorm, Linear
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.int8 import quantise
from mobilenets.network.quantisation import Grid
from mobilenets.network.watch import run_watched

Kernels = Literal["layer asymmetric", "layer symmetric", "channel asymmetric", "channel symmetric", "float"]
"""One scale for a whole kernel or one for each output channel; around a zero point or around zero."""

_LEVELS = 255
_SIGNED = 127
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest value seen."""

    low: float
    high: float


def observe(network: Network, batches: Iterable[Tensor]) -> dict[str, Range]:
    """The range of the image and of every layer's output, by the layer's name, over batches of scaled images."""
    seen: dict[str, Range] = {}

    def note(name: str, given: Tensor, output: Tensor) -> None:
        values = given if name == IMAGE else output
        low, high = (float(end) for end in torch.aminmax(values))
        known = seen.get(name, Range(low, high))
        seen[name] = Range(min(known.low, low), max(known.high, high))

    blocks = {name: network.get_submodule(path) for name, path in module_paths(network.layers).items()}
    run_watched(network, batches, {IMAGE: network, **blocks}, note)
    return seen


def fake_quantised(
    network: Network, ranges: dict[str, Range], *, kernels: Kernels, activations: bool = True
) -> Network:
    """A copy of a folded network on 8-bit grids: its kernels by `kernels`, its image and maps by what was observed.

    The outputs of the last layer stay floats. `float_copy` takes it back.
    """
    made = copy.deepcopy(network)
    paths = module_paths(network.layers)
    for name, path in paths.items():
        block = made.get_submodule(path)
        computes = weighted(block)
        if computes is not None and kernels != "float":
            grid = kernel_grid(computes.weight.detach(), kernels)
            parametrize.register_parametrization(computes, "weight", _OnGrid(grid))
        if activations and name != network.layers[-1].name:
            block.register_forward_hook(_Rounding(activation_grid(ranges[name])))
    if activations:
        image = activation_grid(ranges[IMAGE])
        made.register_forward_pre_hook(lambda _module, inputs: (quantise(inputs[0], image),))
    return made


def float_copy(quantised: Network, like: Network) -> Network:
    """The float weights behind a fake-quantised network, as a network like the one that it was made of."""
    trained = {
        name.replace(".parametrizations.weight.original", ".weight"): value
        for name, value in quantised.state_dict().items()
    }
    made = copy.deepcopy(like)
    made.load_state_dict(trained)
    return made


def kernel_grid(kernel: Tensor, kernels: Kernels) -> Grid:
    """The grid of a kernel (out, ...); a symmetric one has 255 values, an asymmetric one 256."""
    by_channel, symmetric = kernels.startswith("channel"), kernels.endswith(" symmetric")
    rows = kernel.flatten(1) if by_channel else kernel.flatten()[None]
    if symmetric:
        scales = (rows.abs().amax(1) / _SIGNED).clamp_min(_TINY).tolist()
        return Grid(scales=tuple(scales), zero_points=(0,) * len(scales), low=-_SIGNED, high=_SIGNED)
    grids = [_asymmetric(low, high) for low, high in zip(rows.amin(1).tolist(), rows.amax(1).tolist(), strict=True)]
    return Grid(
        scales=tuple(scale for scale, _ in grids), zero_points=tuple(zero for _, zero in grids), low=0, high=_LEVELS
    )


def activation_grid(seen: Range) -> Grid:
    """256 values over what was seen, with zero among them."""
    scale, zero = _asymmetric(seen.low, seen.high)
    return Grid(scales=(scale,), zero_points=(zero,), low=0, high=_LEVELS)


def _asymmetric(low: float, high: float) -> tuple[float, int]:
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max((high - low) / _LEVELS, _TINY)
    return scale, round(-low / scale)


class _OnGrid(nn.Module):
    """A kernel moved to its grid."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.grid = grid

    def forward(self, kernel: Tensor) -> Tensor:
        return quantise(kernel, self.grid)


def weighted(block: nn.Module) -> nn.Conv2d | nn.Linear | None:
    """What holds a block's kernel, where it has one."""
    if isinstance(block, ConvNorm):
        return block.conv
    return block.linear if isinstance(block, Linear) else None


@dataclass(frozen=True, slots=True)
class _Rounding:
    """A forward hook that moves a block's output to a grid."""

    grid: Grid

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return quantise(output, self.grid)
