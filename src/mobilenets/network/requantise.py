"""From sums of products of whole numbers to whole numbers on the output's scale, rounded as runtimes round.

A runtime multiplies a sum by (scale read * kernel's scale / output's scale). Which values fall to the next place
depends on how it holds that factor and how it rounds, and on an 8-bit MobileNet that moves one value in fifty.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

Kernels = Literal["xnnpack", "reference"]
"""xnnpack: XNNPACK's, which LiteRT runs on CPUs by default. reference: TFLite's own integer kernels (optimised and
reference ones alike), as they are without that delegate and in TFLite Micro."""


class Requantise(Protocol):
    """Sums, and three scales in 32 bits (the kernel's along the sums' channels), to whole numbers in floats."""

    def __call__(self, sums: Tensor, reads: Tensor, kernel: Tensor, output: Tensor, /) -> Tensor: ...


class _Straight(torch.autograd.Function):
    """Rounding, through which a gradient passes as it is."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, rounding: Callable[[Tensor], Tensor]) -> Tensor:  # noqa: ARG004
        return rounding(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # noqa: ARG004
        return gradients[0], None


def straight(values: Tensor, rounding: Callable[[Tensor], Tensor]) -> Tensor:
    """`rounding(values)`, with the gradient of doing nothing."""
    rounded: Tensor = _Straight.apply(values, rounding)
    return rounded


def half_away(values: Tensor) -> Tensor:
    """To the nearest whole number, halves away from zero."""
    return torch.trunc(values + torch.copysign(torch.full_like(values, 0.5), values))


def once(sums: Tensor, reads: Tensor, kernel: Tensor, output: Tensor) -> Tensor:
    """XNNPACK's `fp32` requantisation: the factor and the product in 32 bits, halves to even."""
    return straight(sums.float() * (reads * kernel / output), torch.round)


def twice(sums: Tensor, reads: Tensor, kernel: Tensor, output: Tensor) -> Tensor:
    """TFLite's `MultiplyByQuantizedMultiplier`: 31 bits of the factor between 1/2 and 1, rounded; then its power of
    two, rounded again.

    The first rounding is gemmlowp's `SaturatingRoundingDoublingHighMul` (halves up), the second its
    `RoundingDivideByPOT` (halves away from zero).
    """
    # `GetQuantizedConvolutionMultipler` multiplies in 32 bits; kernels of a scale a channel go another way, in 64.
    product = (reads * kernel).double() if kernel.numel() == 1 else reads.double() * kernel.double()
    mantissa, exponent = torch.frexp(product / output.double())
    fixed = torch.round(mantissa * 2.0**31) / 2.0**31
    before, after = 2.0 ** exponent.clamp_min(0), 2.0 ** exponent.clamp_max(0)
    scaled = straight(sums.double() * before * fixed, _half_up)
    return straight(scaled * after, half_away)


def _half_up(values: Tensor) -> Tensor:
    return torch.floor(values + 0.5)


KERNELS: dict[Kernels, Requantise] = {"xnnpack": once, "reference": twice}
