"""Batch norm for weights that come with it folded in: what training needs back, measured on photographs."""

import math
from collections.abc import Container, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mobilenets.network.blocks import ConvNorm

_CONV, _NORM = ".conv.bias", ".norm."


def without_statistics(folded: Mapping[str, Tensor], *, epsilon: float, bare: Container[str] = ()) -> dict[str, Tensor]:
    """The state of a network without batch norm as that of one with it, whose norms only add the bias.

    `bare` are names of biases that stay: of layers without batch norm in either, as a detector's predictors are. The
    function is the same. `measure_statistics` then gives the norms what they would have followed in training.
    """
    state: dict[str, Tensor] = {}
    for name, tensor in folded.items():
        if not name.endswith(_CONV) or name in bare:
            state[name] = tensor
            continue
        norm = name[: -len(_CONV)] + _NORM
        ones = torch.ones_like(tensor)
        state |= {
            norm + "weight": ones * math.sqrt(1 + epsilon),
            norm + "bias": tensor,
            norm + "running_mean": torch.zeros_like(tensor),
            norm + "running_var": ones,
            norm + "num_batches_tracked": torch.tensor(0),
        }
    return state


@torch.no_grad()
def measure_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give every batch norm the mean and variance that its convolution has on (N, 3, H, W) inputs; in place.

    Scale and shift change with them so that the evaluated function stays as it is, and training, which normalises by
    the batch, starts near it. Raises `ValueError` where there is no input and for a network in training.
    """
    if network.training:
        raise ValueError("statistics are measured in evaluation: call eval() first")
    watched = [
        (module.norm, _Moments(module.conv))
        for module in network.modules()
        if isinstance(module, ConvNorm) and isinstance(module.norm, nn.BatchNorm2d)
    ]
    try:
        for images in batches:
            network(images)
    finally:
        for _, moments in watched:
            moments.handle.remove()
    for norm, moments in watched:
        _recentre(norm, mean=moments.mean, variance=moments.variance)


@torch.no_grad()
def renew_statistics(network: nn.Module, blocks: Iterable[ConvNorm], batches: Sequence[Tensor]) -> None:
    """Give the batch norms of `blocks`, in running order, what their convolutions really put out; in place.

    For convolutions that read something else than they learnt on. Each is measured behind those that are renewed
    already. Raises `ValueError` as `measure_statistics` does.
    """
    if network.training:
        raise ValueError("statistics are measured in evaluation: call eval() first")
    for block in blocks:
        moments = _Moments(block.conv)
        try:
            for images in batches:
                network(images)
        finally:
            moments.handle.remove()
        norm = block.norm
        assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None
        norm.running_mean.copy_(moments.mean)
        norm.running_var.copy_(moments.variance)


def _recentre(norm: nn.BatchNorm2d, *, mean: Tensor, variance: Tensor) -> None:
    """Other statistics, the same function: slope * (x - running mean) + bias."""
    assert norm.running_mean is not None and norm.running_var is not None
    slope = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    offset = norm.bias.double() - slope * norm.running_mean.double()
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    # What is stored is rounded; scale and shift belong to what is stored.
    norm.weight.copy_(slope * (norm.running_var.double() + norm.eps).sqrt())
    norm.bias.copy_(offset + slope * norm.running_mean.double())


class _Moments:
    """Sums over everything that a convolution puts out, by channel."""

    def __init__(self, conv: nn.Conv2d) -> None:
        self.handle = conv.register_forward_hook(self._add)
        self._count = 0
        self._sum = self._squares = torch.zeros(conv.out_channels, dtype=torch.float64)

    def _add(self, _module: nn.Module, _inputs: tuple[Tensor, ...], outputs: Tensor) -> None:
        values = outputs.double()
        self._count += outputs.numel() // outputs.shape[1]
        self._sum = self._sum + values.sum((0, 2, 3)).cpu()
        self._squares = self._squares + values.square().sum((0, 2, 3)).cpu()

    @property
    def mean(self) -> Tensor:
        if not self._count:
            raise ValueError("there was nothing to measure on")
        return self._sum / self._count

    @property
    def variance(self) -> Tensor:
        return (self._squares / self._count - self.mean.square()).clamp_min(0.0)
