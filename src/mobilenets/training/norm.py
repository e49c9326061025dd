"""Batch norm over the photographs of all processes, so that many compute what one would."""

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F

_PLACES = (0, 2, 3)


def synchronised(network: nn.Module, *, world: int) -> nn.Module:
    """The network with every batch norm looking at the whole batch of `world` processes; its tensors stay the same.

    PyTorch's own synchronised batch norm runs on a GPU only; on a CPU it is `SharedBatchNorm`.
    """
    if world == 1:
        return network
    if any(tensor.is_cuda for tensor in network.parameters()):
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.BatchNorm2d:
                setattr(parent, name, SharedBatchNorm.like(child))
    return network


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm of (N, C, H, W) maps whose mean and variance in training are those of all processes together."""

    @classmethod
    def like(cls, norm: nn.BatchNorm2d) -> "SharedBatchNorm":
        """One that shares the tensors of a batch norm."""
        shared = cls(norm.num_features, eps=norm.eps, momentum=norm.momentum, device="meta")
        shared.weight, shared.bias = norm.weight, norm.bias
        shared.running_mean, shared.running_var = norm.running_mean, norm.running_var
        shared.num_batches_tracked = norm.num_batches_tracked
        return shared.train(norm.training)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to the same; every process has to call it at the same place."""
        if not self.training:
            return super().forward(images)
        with torch.no_grad():
            mean, variance, count = _statistics(images)
            self._follow(mean, variance, count)
        normalised: Tensor = _Normalise.apply(images, self.weight, self.bias, mean, variance, count, self.eps)
        return normalised

    def _follow(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Move the running statistics; the running variance is the unbiased one, as in PyTorch's batch norm."""
        assert self.running_mean is not None and self.running_var is not None and self.momentum is not None
        assert self.num_batches_tracked is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        self.num_batches_tracked.add_(1)


def _statistics(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (C,), variance (C,) and the number of values a channel over all processes (Chan et al. 1979)."""
    variance, mean = torch.var_mean(_exact(images), _PLACES, correction=0)
    count = mean.new_full((1,), images.numel() // images.shape[1])
    mine = torch.cat([mean, variance, count])
    gathered = [torch.empty_like(mine) for _ in range(distributed.get_world_size())]
    distributed.all_gather(gathered, mine)
    every = torch.stack(gathered)
    means, variances, counts = every[:, : len(mean)], every[:, len(mean) : -1], every[:, -1:]
    total = counts.sum()
    shares = counts / total
    whole = (shares * means).sum(0)
    return whole, (shares * (variances + (means - whole).square())).sum(0), total


class _Normalise(torch.autograd.Function):
    """Scale and shift by given statistics, with the gradient that goes through these statistics too."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        count: Tensor,
        epsilon: float,
    ) -> Tensor:
        ctx.save_for_backward(images, weight, mean, (variance + epsilon).rsqrt(), count)
        return F.batch_norm(images, mean, variance, weight, bias, training=False, eps=epsilon)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        images, weight, mean, scale, count = ctx.saved_tensors
        normal = (_exact(images) - _wide(mean)).mul_(_wide(scale))
        steep = _exact(slope)
        sums = torch.stack([steep.sum(_PLACES), (steep * normal).sum(_PLACES)])
        # The gradients of weight and bias are averaged over processes with all the others, later.
        bias_slope, weight_slope = sums.clone()
        distributed.all_reduce(sums)
        shift, tilt = sums / count
        change = (steep - _wide(shift) - normal.mul_(_wide(tilt))).mul_(_wide(weight * scale))
        return change.to(images.dtype), weight_slope, bias_slope, None, None, None, None


def _exact(images: Tensor) -> Tensor:
    """At least float32, in which sums over a batch are right."""
    return images.to(torch.promote_types(images.dtype, torch.float32))


def _wide(channels: Tensor) -> Tensor:
    return channels.view(1, -1, 1, 1)
