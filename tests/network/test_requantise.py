"""Rounding, against the integers and 32-bit floats of the runtimes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.network.requantise import half_away, once, straight, twice

SCALES = st.floats(2.0**-12, 4.0, width=32)
SUMS = st.lists(st.integers(-(2**23), 2**23), min_size=1, max_size=20)


def fixed_point(value: int, factor: float) -> int:
    """`MultiplyByQuantizedMultiplier` in whole numbers, as TFLite's common.h has it."""
    mantissa, exponent = np.frexp(factor)
    multiplier = round(float(mantissa) * 2**31)
    if multiplier == 2**31:
        multiplier, exponent = multiplier // 2, exponent + 1
    product = value * 2 ** max(int(exponent), 0) * multiplier
    high = int(abs(product + (2**30 if product >= 0 else 1 - 2**30)) // 2**31)
    high = high if product + (2**30 if product >= 0 else 1 - 2**30) >= 0 else -high
    right = max(-int(exponent), 0)
    mask = 2**right - 1
    return (high >> right) + int((high & mask) > (mask >> 1) + (high < 0))


@given(SUMS, SCALES, SCALES, SCALES)
def test_twice_is_tflites_fixed_point(sums: list[int], reads: float, kernel: float, output: float) -> None:
    scales = [torch.tensor([scale]) for scale in (reads, kernel, output)]
    made = twice(torch.tensor(sums, dtype=torch.float64), *scales)
    factor = float(np.float32(reads) * np.float32(kernel)) / output
    assert made.tolist() == [fixed_point(value, factor) for value in sums]


@given(SUMS, SCALES, SCALES, SCALES)
def test_once_is_xnnpacks_product_in_32_bits(sums: list[int], reads: float, kernel: float, output: float) -> None:
    scales = [torch.tensor([scale]) for scale in (reads, kernel, output)]
    factor = np.float32(reads) * np.float32(kernel) / np.float32(output)
    assert once(torch.tensor(sums), *scales).tolist() == np.rint(np.array(sums, np.float32) * factor).tolist()


def test_halves_go_away_from_zero() -> None:
    assert half_away(torch.tensor([-2.5, -0.5, 0.49, 0.5, 1.5])).tolist() == [-3, -1, 0, 1, 2]


@pytest.mark.parametrize("requantise", [once, twice])
def test_gradients_pass_through_the_rounding(requantise: object) -> None:
    sums = torch.tensor([10.0, -7.0], requires_grad=True)
    requantise(sums, torch.tensor([0.5]), torch.tensor([0.25]), torch.tensor([0.125])).sum().backward()  # type: ignore[operator]
    assert sums.grad is not None and sums.grad.tolist() == [1.0, 1.0]
    values = torch.tensor([0.3], requires_grad=True)
    straight(values, torch.round).backward()
    assert values.grad is not None and values.grad.tolist() == [1.0]
