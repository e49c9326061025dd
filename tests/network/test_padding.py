"""SAME padding against TensorFlow's own words, brute force, and a convolution done by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mobilenets.network.padding import pad_same, same_pads

SIZES = st.integers(min_value=1, max_value=300)
KERNELS = st.integers(min_value=1, max_value=11)
STRIDES = st.integers(min_value=1, max_value=5)


@given(size=SIZES, kernel=KERNELS, stride=STRIDES)
def test_pads_are_those_of_tensorflow_s_documentation(size: int, kernel: int, stride: int) -> None:
    rest = size % stride
    total = max(kernel - (rest or stride), 0)
    assert same_pads(size, kernel=kernel, stride=stride) == (total // 2, total - total // 2)


@given(size=SIZES, kernel=KERNELS, stride=STRIDES)
def test_output_is_the_size_over_the_stride_rounded_up(size: int, kernel: int, stride: int) -> None:
    before, after = same_pads(size, kernel=kernel, stride=stride)
    assert (before + size + after - kernel) // stride + 1 == -(-size // stride)


@given(size=SIZES, kernel=KERNELS, stride=STRIDES)
def test_no_pixel_too_many_and_the_odd_one_goes_after(size: int, kernel: int, stride: int) -> None:
    before, after = same_pads(size, kernel=kernel, stride=stride)
    assert after - before in (0, 1)
    if after:
        assert (before + size + after - 1 - kernel) // stride + 1 < -(-size // stride)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pads"),
    [
        (224, 3, 2, (0, 1)),  # every halving convolution of MobileNet at an even size: nothing at the top and left
        (225, 3, 2, (1, 1)),
        (112, 3, 1, (1, 1)),
        (7, 3, 1, (1, 1)),
        (224, 7, 2, (2, 3)),  # the stem of Inception V2
        (1, 3, 2, (1, 1)),
        (5, 2, 1, (0, 1)),
        (5, 1, 2, (0, 0)),
    ],
)
def test_known_pads(size: int, kernel: int, stride: int, pads: tuple[int, int]) -> None:
    assert same_pads(size, kernel=kernel, stride=stride) == pads


def test_a_convolution_done_by_hand() -> None:
    """Sums of 3 x 3 windows of 1 to 16 at stride 2: the first window starts in the corner, the last hangs over."""
    image = torch.arange(1.0, 17.0).view(1, 1, 4, 4)
    sums = F.conv2d(pad_same(image, kernel=(3, 3), stride=2), torch.ones(1, 1, 3, 3), stride=2)
    assert sums.tolist() == [[[[54.0, 45.0], [72.0, 54.0]]]]


@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_padded_convolution_equals_windows_clipped_to_the_image(
    height: int, width: int, kernel: tuple[int, int], stride: int, seed: int
) -> None:
    numbers = np.random.default_rng(seed)
    image = numbers.standard_normal((height, width), dtype=np.float32)
    weights = numbers.standard_normal(kernel, dtype=np.float32)
    padded = pad_same(torch.from_numpy(image)[None, None], kernel=kernel, stride=stride)
    made = F.conv2d(padded, torch.from_numpy(weights)[None, None], stride=stride)[0, 0]
    np.testing.assert_allclose(made.numpy(), _convolve(image, weights, stride), rtol=1e-4, atol=1e-5)


def _convolve(image: NDArray[np.float32], weights: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """The definition: output (y, x) sees what lies under the kernel laid at y * stride - before."""
    height, width = (-(-side // stride) for side in image.shape)
    tops, lefts = (
        [place * stride - max((count - 1) * stride + extent - side, 0) // 2 for place in range(count)]
        for count, extent, side in zip((height, width), weights.shape, image.shape, strict=True)
    )
    made = np.zeros((height, width), np.float32)
    for y, top in enumerate(tops):
        for x, left in enumerate(lefts):
            for (row, column), weight in np.ndenumerate(weights):
                if 0 <= top + row < image.shape[0] and 0 <= left + column < image.shape[1]:
                    made[y, x] += weight * image[top + row, left + column]
    return made


def test_each_side_has_its_own_pads() -> None:
    padded = pad_same(torch.ones(2, 3, 6, 5), kernel=(3, 1), stride=2, value=-7.0)
    assert padded.shape == (2, 3, 7, 5)
    assert (padded[:, :, -1] == -7).all() and (padded[:, :, :-1] == 1).all()


def test_nothing_to_pad_costs_nothing() -> None:
    image: Tensor = torch.ones(1, 1, 4, 4)
    assert pad_same(image, kernel=(1, 1), stride=2) is image
    assert pad_same(image, kernel=(2, 2), stride=2) is image
