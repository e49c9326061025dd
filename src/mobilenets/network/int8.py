"""An 8-bit network simulated: our modules on floats, with the whole numbers that TFLite's integer kernels compute.

Between layers stand floats on their grids, so that everything that reads a network's maps goes on working. Within a
layer stand whole numbers: sums are exact, then scaled to the output's grid, rounded, and clamped to the range of the
activation (Jacob et al., 2017, section 2.4). Gradients pass through the rounding as if it were not there (a
straight-through estimator) and end at the clamp.
"""

import copy
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobilenets.architecture.layer import IMAGE
from mobilenets.maths.boxes import CORNERS, centred, cornered
from mobilenets.network.blocks import ConvNorm, GlobalAveragePool, Linear
from mobilenets.network.boxes import Boxes
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.padding import pad_same
from mobilenets.network.quantisation import Grid, LayerQuantisation, Quantisation
from mobilenets.network.requantise import KERNELS, Kernels, Requantise, half_away, straight

# Floats of 32 bits hold every whole number up to here: sums below are exact in any order.
_EXACT = 2**24


def simulate(network: Network, quantisation: Quantisation, *, kernels: Kernels = "xnnpack") -> Network:
    """A copy of a network that computes as its 8-bit file does; its state_dict has the names of the network's.

    Give it batches as `preprocess.scale` makes them. `kernels` are those whose rounding is followed (see `Kernels`).
    Raises `ValueError` for a network with batch norm (fold it first), for a layer without facts, and for a kind of
    layer that has no 8-bit form here.
    """
    simulated = copy.deepcopy(network)
    grids = {IMAGE: quantisation.image}
    paths = module_paths(network.layers)
    for layer in network.layers:
        facts = quantisation.layers.get(layer.name)
        if facts is None:
            raise ValueError(f"layer {layer.name} has no grid: the quantisation is another network's")
        block = simulated.get_submodule(paths[layer.name])
        form = _FORMS.get(type(block))
        if form is None:
            raise ValueError(f"layer {layer.name} is {type(block).__name__}, which has no 8-bit form here")
        made = form(block, grids[layer.inputs[0]], facts, KERNELS[kernels])
        simulated.set_submodule(paths[layer.name], made)
        grids[layer.name] = facts.output
    device = next((parameter.device for parameter in network.parameters()), None)
    return simulated.to(device).train(network.training)


def quantise(values: Tensor, grid: Grid) -> Tensor:
    """Floats moved to the nearest value of a grid, in its range; a grid of several scales is along the first axis."""
    own = _OnGrid(grid).to(values.device)
    return own.values(own.levels(values))


class _OnGrid(nn.Module):
    """A grid on its device. Levels are q - zero_point: whole numbers in which zero is zero, held exactly by floats."""

    scale: Tensor
    zero: Tensor

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.low, self.high = grid.low, grid.high
        self.register_buffer("scale", torch.tensor(grid.scales), persistent=False)
        self.register_buffer("zero", torch.tensor(grid.zero_points, dtype=torch.float32), persistent=False)

    @property
    def furthest(self) -> float:
        """The greatest level, whatever its sign."""
        return float(torch.maximum(self.zero - self.low, self.high - self.zero).max())

    def levels(self, values: Tensor) -> Tensor:
        """The nearest levels of values."""
        scale, zero = (facts.view(-1, *(1,) * (values.dim() - 1)) for facts in (self.scale, self.zero))
        return straight(values / scale, torch.round).clamp(self.low - zero, self.high - zero)

    def values(self, levels: Tensor) -> Tensor:
        """What levels stand for."""
        return levels.float() * self.scale.view(-1, *(1,) * (levels.dim() - 1))


class _Output(nn.Module):
    """From exact sums to values on the output's grid, within the activation's range.

    The range is the activation's ends on the grid, rounded (TFLite's `CalculateActivationRangeQuantized`).
    """

    def __init__(self, grid: Grid, activation: nn.Module, requantise: Requantise) -> None:
        super().__init__()
        self.grid, self.requantise = _OnGrid(grid), requantise
        if not isinstance(activation, nn.ReLU6 | nn.ReLU | nn.Identity):
            raise ValueError(f"{type(activation).__name__} has no 8-bit form here")
        self.positive = not isinstance(activation, nn.Identity)
        self.ceiling = 6.0 if isinstance(activation, nn.ReLU6) else None

    def forward(self, sums: Tensor, reads: Tensor, kernel: Tensor) -> Tensor:
        """Sums of products of levels, and the scales of what was multiplied, to values."""
        low, high = self.grid.low - self.grid.zero, self.grid.high - self.grid.zero
        if self.positive:
            low = low.clamp_min(0)
        if self.ceiling is not None:
            high = torch.minimum(high, half_away(self.ceiling / self.grid.scale))
        return self.grid.values(self.requantise(sums, reads, kernel, self.grid.scale).clamp(low, high))


class _Weighted(nn.Module):
    """What a convolution and a fully connected layer share: whole inputs and kernels, exact sums, one rounding."""

    def __init__(self, reads: Grid, facts: LayerQuantisation, activation: nn.Module, requantise: Requantise) -> None:
        super().__init__()
        if facts.kernel is None:
            raise ValueError("a layer with weights needs the grid of its kernel")
        self.reads, self.kernel = _OnGrid(reads), _OnGrid(facts.kernel)
        self.output = _Output(facts.output, activation, requantise)

    def _compute(
        self, images: Tensor, kernel: Tensor, bias: Tensor | None, apply: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        weights, shifts = self.kernel.levels(kernel), self._shifts(kernel, bias)
        greatest = weights.detach().abs().flatten(1).sum(1).double() * self.reads.furthest + shifts.detach().abs()
        exact = torch.float32 if float(greatest.max()) < _EXACT else torch.float64
        sums = apply(self.reads.levels(images).to(exact), weights.to(exact))
        along = (-1, *(1,) * (sums.dim() - 2))
        return self.output(sums + shifts.to(exact).view(along), self.reads.scale, self.kernel.scale.view(along))

    def _shifts(self, kernel: Tensor, bias: Tensor | None) -> Tensor:
        """The bias in whole numbers at the scale of the sums."""
        if bias is None:
            return kernel.new_zeros(len(kernel), dtype=torch.float64)
        return straight(bias / (self.reads.scale.double() * self.kernel.scale.double()), half_away)


class QuantisedConv(_Weighted):
    """`ConvNorm` in whole numbers; the float kernel stays a parameter, so that it can be trained."""

    def __init__(self, block: ConvNorm, reads: Grid, facts: LayerQuantisation, requantise: Requantise) -> None:
        if not isinstance(block.norm, nn.Identity):
            raise ValueError("a network is simulated without batch norm: fold it first")
        super().__init__(reads, facts, block.activation, requantise)
        self.pad_same, self.size, self.stride = block.pad_same, block.kernel, block.stride
        self.conv = block.conv

    def forward(self, images: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H', W')."""
        if self.pad_same:
            images = pad_same(images, kernel=self.size, stride=self.stride)
        return self._compute(images, self.conv.weight, self.conv.bias, self._conv)

    def _conv(self, levels: Tensor, weights: Tensor) -> Tensor:
        conv = self.conv
        return F.conv2d(levels, weights, None, conv.stride, conv.padding, conv.dilation, conv.groups)


class QuantisedLinear(_Weighted):
    """`Linear` in whole numbers."""

    def __init__(self, block: Linear, reads: Grid, facts: LayerQuantisation, requantise: Requantise) -> None:
        super().__init__(reads, facts, block.activation, requantise)
        self.dropout, self.linear = block.dropout, block.linear

    def forward(self, features: Tensor) -> Tensor:
        """(N, C) or (N, C, H, W) to (N, out)."""
        return self._compute(self.dropout(features.flatten(1)), self.linear.weight, self.linear.bias, F.linear)


class QuantisedPool(nn.Module):
    """The mean over the map in whole numbers.

    Where input and output share a grid it is the mean of the stored numbers, rounded half away from zero
    (AVERAGE_POOL_2D); else the sum of the levels, scaled like any other (MEAN).
    """

    def __init__(self, block: GlobalAveragePool, reads: Grid, facts: LayerQuantisation, requantise: Requantise) -> None:
        super().__init__()
        self.reads = _OnGrid(reads)
        self.output = _Output(facts.output, nn.Identity(), requantise)
        self.same = reads == facts.output

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C)."""
        levels = self.reads.levels(images).flatten(2)
        sums, count = levels.sum(2), levels.shape[2]
        if not self.same:
            return self.output(sums, self.reads.scale, torch.ones_like(self.reads.scale) / count)
        return self.reads.values(straight(sums / count + self.reads.zero, half_away) - self.reads.zero)


class QuantisedBoxes(nn.Module):
    """`Boxes` in whole numbers: every map's scores on one grid, their offsets on another, default boxes on a third.

    Each map comes on a grid of its own. The default boxes are rounded as files hold them, by centre and sides.
    """

    defaults: Tensor

    def __init__(self, block: Boxes, reads: Grid, facts: LayerQuantisation, requantise: Requantise) -> None:
        super().__init__()
        if facts.offsets is None or facts.defaults is None:
            raise ValueError("the end of a detector needs the grids of its scores, its offsets and its default boxes")
        self.outputs, self.scores, self.offsets = block.outputs, _OnGrid(facts.output), _OnGrid(facts.offsets)
        grid = _OnGrid(facts.defaults)
        rounded = cornered(grid.values(grid.levels(centred(block.defaults))))
        self.register_buffer("defaults", rounded, persistent=False)
        self.joined = block

    def forward(self, *maps: Tensor) -> Tensor:
        """Pairs of (N, shapes * outputs, H, W) and (N, shapes * 4, H, W) to (N, boxes, outputs + 8)."""
        scores, offsets, _ = self.joined(*maps).tensor_split([self.outputs, self.outputs + CORNERS], -1)
        parts = [grid.values(grid.levels(part)) for grid, part in ((self.scores, scores), (self.offsets, offsets))]
        return torch.cat([*parts, self.defaults.expand(len(scores), -1, -1)], -1)


class _Form(Protocol):
    def __call__(self, block: Any, reads: Grid, facts: LayerQuantisation, requantise: Requantise, /) -> nn.Module: ...


_FORMS: dict[type[nn.Module], _Form] = {
    ConvNorm: QuantisedConv,
    Linear: QuantisedLinear,
    GlobalAveragePool: QuantisedPool,
    Boxes: QuantisedBoxes,
}
