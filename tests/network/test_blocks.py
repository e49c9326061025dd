"""What each block computes, against hand-made figures and formulas."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from mobilenets.architecture.layer import IMAGE, Activation, Layer, Padding
from mobilenets.architecture.rows import (
    CentreCrop,
    Conv,
    Depthwise,
    L2Scale,
    Linear,
    LocalResponseNorm,
    Pool,
    PoolKind,
    Residual,
    Separable,
)
from mobilenets.architecture.style import Row, Style, Tap, lay
from mobilenets.network import blocks
from mobilenets.network.graph import Network


def _layers(row: Row, *, channels: int, size: tuple[int, int] = (6, 6), style: Style | None = None) -> list[Layer]:
    return lay([row], Tap(IMAGE, channels, size), style or Style(min_depth=1))


def _map(*rows: list[float]) -> Tensor:
    return torch.tensor([[rows]])


# --- Convolution, batch norm, activation ---


def _leaves(module: nn.Module) -> list[nn.Module]:
    return [one for one in module.modules() if not list(one.children())]


def test_a_separable_block_reads_as_figure_3() -> None:
    depthwise, pointwise = _layers(Separable(16, stride=2), channels=8)
    conv, norm, relu, conv1, norm1, relu1 = _leaves(blocks.Separable(depthwise, pointwise))
    assert isinstance(conv, nn.Conv2d) and isinstance(conv1, nn.Conv2d)
    assert (conv.kernel_size, conv.stride, conv.groups, conv.out_channels) == ((3, 3), (2, 2), 8, 8)
    assert (conv1.kernel_size, conv1.stride, conv1.groups, conv1.out_channels) == ((1, 1), (1, 1), 1, 16)
    assert conv.bias is None and conv1.bias is None
    for one, channels in ((norm, 8), (norm1, 16)):
        assert isinstance(one, nn.BatchNorm2d) and one.num_features == channels
    assert isinstance(relu, nn.ReLU6) and isinstance(relu1, nn.ReLU6)


def test_depthwise_filters_keep_to_their_channel() -> None:
    (layer,) = _layers(Depthwise(), channels=3)
    block = blocks.ConvNorm(layer).eval()
    image = torch.zeros(1, 3, 6, 6)
    image[:, 1] = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
    made = block(image)
    assert made[:, [0, 2]].abs().max() == 0
    assert made[:, 1].abs().max() > 0


def test_batch_norm_has_tf_slim_s_epsilon() -> None:
    """With a variance as small as epsilon itself, epsilon is half of what is divided by."""
    (layer,) = _layers(Conv(1, kernel=1, activation=None), channels=1)
    block = blocks.ConvNorm(layer).eval()
    assert isinstance(block.norm, nn.BatchNorm2d)
    nn.init.ones_(block.conv.weight)
    nn.init.constant_(block.norm.running_var, 0.001)  # type: ignore[arg-type]
    nn.init.constant_(block.norm.running_mean, 0.5)  # type: ignore[arg-type]
    made = block(torch.full((1, 1, 6, 6), 0.6))
    torch.testing.assert_close(made, torch.full_like(made, 0.1 / math.sqrt(0.002)))


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu6", [0.0, 0.0, 3.0, 6.0]),
        ("relu", [0.0, 0.0, 3.0, 9.0]),
        ("leaky_relu", [-0.4, 0.0, 3.0, 9.0]),
        (None, [-4.0, 0.0, 3.0, 9.0]),
    ],
)
def test_activations(activation: Activation | None, expected: list[float]) -> None:
    (layer,) = _layers(Conv(1, kernel=1, norm=False, bias=False, activation=activation), channels=1, size=(1, 4))
    block = blocks.ConvNorm(layer)
    nn.init.ones_(block.conv.weight)
    image = _map([-4.0, 0.0, 3.0, 9.0])
    torch.testing.assert_close(block(image), _map(expected))
    assert image.flatten().tolist() == [-4.0, 0.0, 3.0, 9.0], "the input was overwritten"


@pytest.mark.parametrize("kernel", [(3, 3), (1, 7), (5, 5), (2, 2), (4, 3)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("size", [(6, 6), (7, 5), (2, 9)])
def test_same_convolutions_pad_as_tensorflow_does(
    kernel: tuple[int, int], stride: int, dilation: int, size: tuple[int, int]
) -> None:
    """The convolution's own padding is used where it is the same thing: it has to be the same thing."""
    row = Conv(2, kernel=kernel, stride=stride, dilation=dilation, norm=False, bias=False, activation=None)
    (layer,) = _layers(row, channels=3, size=size)
    block = blocks.ConvNorm(layer)
    image = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    pads: list[int] = []
    for side, extent in zip(reversed(size), reversed(kernel), strict=True):
        spanned = dilation * (extent - 1) + 1
        total = max((math.ceil(side / stride) - 1) * stride + spanned - side, 0)
        pads += [total // 2, total - total // 2]
    made = F.conv2d(F.pad(image, pads), block.conv.weight, stride=stride, dilation=dilation)
    torch.testing.assert_close(block(image), made)
    assert block(image).shape[-2:] == layer.out_size


def test_symmetric_convolutions_pad_both_sides() -> None:
    row = Conv(1, stride=2, norm=False, bias=False, activation=None)
    (layer,) = _layers(row, channels=1, size=(4, 4), style=Style(padding="symmetric", min_depth=1))
    block = blocks.ConvNorm(layer)
    nn.init.ones_(block.conv.weight)
    assert block(torch.arange(1.0, 17.0).view(1, 1, 4, 4)).tolist() == [[[[14.0, 30.0], [57.0, 99.0]]]]


# --- Pooling ---


def _pool(
    kind: PoolKind, image: Tensor, *, stride: int = 1, padding: Padding | int = "same", ceil: bool = False
) -> Tensor:
    size = (image.shape[-2], image.shape[-1])
    (layer,) = _layers(Pool(kind, stride=stride, padding=padding, ceil=ceil), channels=image.shape[1], size=size)
    made: Tensor = blocks.Pool(layer)(image)
    assert made.shape[-2:] == layer.out_size
    return made


def test_average_pooling_leaves_same_padding_out() -> None:
    made = _pool("average", _map([1.0, 2.0], [3.0, 4.0]))
    assert made.tolist() == [[[[2.5, 2.5], [2.5, 2.5]]]]
    made = _pool("average", _map([1.0, 2.0, 3.0, 4.0]))
    torch.testing.assert_close(made, _map([1.5, 2.0, 3.0, 3.5]))


def test_average_pooling_counts_padding_in_pixels_as_zeros() -> None:
    made = _pool("average", _map([1.0, 2.0], [3.0, 4.0]), padding=1)
    torch.testing.assert_close(made, torch.full((1, 1, 2, 2), 10 / 9))


def test_max_pooling_never_answers_with_padding() -> None:
    image = -torch.arange(1.0, 10.0).view(1, 1, 3, 3)
    assert _pool("max", image).tolist() == [[[[-1.0, -1.0, -2.0], [-1.0, -1.0, -2.0], [-4.0, -4.0, -5.0]]]]
    assert _pool("max", image, padding=1).tolist() == _pool("max", image).tolist()


def test_max_pooling_with_a_last_window_that_hangs_over() -> None:
    image = torch.arange(36.0).view(1, 1, 6, 6)
    assert _pool("max", image, stride=2, padding=0).flatten().tolist() == [14.0, 16.0, 26.0, 28.0]
    assert _pool("max", image, stride=2, padding=0, ceil=True).shape == (1, 1, 3, 3)


def test_l2_pooling_is_the_root_of_the_sum_of_squares() -> None:
    made = _pool("l2", _map([3.0, 0.0, 0.0, -4.0]))
    torch.testing.assert_close(made, _map([3.0, 3.0, 4.0, 4.0]))
    assert float(_pool("l2", torch.full((1, 1, 3, 3), 2.0))[0, 0, 1, 1]) == pytest.approx(6.0)


def test_l2_pooling_can_be_learnt_through_where_everything_is_zero() -> None:
    image = torch.zeros(1, 1, 4, 4, requires_grad=True)
    _pool("l2", image).sum().backward()
    assert image.grad is not None and torch.isfinite(image.grad).all()


@given(
    kind=st.sampled_from(["max", "average", "l2"]),
    height=st.integers(1, 8),
    width=st.integers(1, 8),
    stride=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_same_pooling_equals_windows_clipped_to_the_map(
    kind: PoolKind, height: int, width: int, stride: int, seed: int
) -> None:
    image = np.random.default_rng(seed).standard_normal((height, width), dtype=np.float32)
    made = _pool(kind, torch.from_numpy(image)[None, None], stride=stride)[0, 0].numpy()
    reduce = {"max": np.max, "average": np.mean, "l2": np.linalg.norm}[kind]
    for (y, x), found in np.ndenumerate(made):
        top, left = (
            place * stride - max((math.ceil(side / stride) - 1) * stride + 3 - side, 0) // 2
            for place, side in ((y, height), (x, width))
        )
        window = image[max(top, 0) : top + 3, max(left, 0) : left + 3]
        assert found == pytest.approx(float(reduce(window)), abs=1e-4)


# --- The others ---


def test_local_response_norm_is_caffe_s() -> None:
    (layer,) = _layers(LocalResponseNorm(), channels=7, size=(1, 1))
    values = torch.tensor([10.0, -20.0, 30.0, 40.0, 50.0, 60.0, -70.0])
    made = blocks.LocalResponseNorm(layer)(values.view(1, 7, 1, 1)).flatten()
    for place, value in enumerate(values.tolist()):
        squares = values[max(place - 2, 0) : place + 3].square().sum().item()
        assert made[place].item() == pytest.approx(value / (1 + 1e-4 / 5 * squares) ** 0.75)


def test_linear_flattens_drops_and_adds() -> None:
    (layer,) = _layers(Linear(2, activation="relu"), channels=3, size=(2, 2))
    block = blocks.Linear(layer, dropout=0.5)
    nn.init.ones_(block.linear.weight)
    block.linear.bias = nn.Parameter(torch.tensor([1.0, -100.0]))
    image = torch.arange(12.0).view(1, 3, 2, 2)
    assert block.eval()(image).tolist() == [[67.0, 0.0]]
    torch.manual_seed(0)
    assert {block.train()(image)[0, 0].item() for _ in range(8)} != {67.0}


def test_the_mean_over_the_map() -> None:
    (layer,) = _layers(Pool("max"), channels=2)
    made = blocks.GlobalAveragePool(layer)(torch.arange(12.0).view(1, 2, 2, 3))
    assert made.tolist() == [[2.5, 8.5]]


def test_vectors_of_length_one() -> None:
    (layer,) = _layers(Pool("max"), channels=2)
    made = blocks.L2Normalise(layer)(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    torch.testing.assert_close(made, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))


def test_places_of_a_learnt_length() -> None:
    (layer,) = _layers(L2Scale(), channels=2)
    block = blocks.L2Scale(layer)
    assert sum(parameter.numel() for parameter in block.parameters()) == layer.params
    image = torch.tensor([[3.0, 0.0], [4.0, 0.0]]).view(1, 2, 1, 2)
    torch.testing.assert_close(block(image), torch.tensor([[12.0, 0.0], [16.0, 0.0]]).view(1, 2, 1, 2))


def test_maps_are_joined_in_their_order() -> None:
    (layer,) = _layers(Pool("max"), channels=2)
    made = blocks.Concat(layer)(torch.zeros(1, 1, 2, 2), torch.ones(1, 2, 2, 2))
    assert made[0, :, 0, 0].tolist() == [0.0, 1.0, 1.0]


# --- Sums, crops, slopes ---


def test_a_residual_network_adds() -> None:
    layers = _layers(Residual((Conv(3, kernel=1, norm=False, activation=None),), name="sum"), channels=3)
    network = Network(layers).eval()
    image = torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(network(image), image + network.blocks["sum-conv_0"](image))


@pytest.mark.parametrize(("size", "left", "width"), [((7, 7), 0, 6), ((14, 14), 1, 12), ((6, 28), 2, 24)])
def test_a_centre_crop_is_the_middle(size: tuple[int, int], left: int, width: int) -> None:
    (layer,) = _layers(CentreCrop((6, 7)), channels=2, size=size)
    image = torch.randn(1, 2, *size)
    assert (blocks.CentreCrop(layer)(image) == image[..., left : left + width]).all()


def test_prelu_has_a_slope_a_channel() -> None:
    (layer,) = _layers(Conv(4, kernel=1, norm=False, activation="prelu"), channels=2)
    block = blocks.ConvNorm(layer)
    assert sum(parameter.numel() for parameter in block.parameters()) == layer.params
    slopes = torch.tensor([0.0, 0.5, 1.0, 2.0])
    with torch.no_grad():
        block.activation.weight.copy_(slopes)  # type: ignore[union-attr, operator]
        image = torch.randn(1, 2, 3, 3)
        before = block.conv(image)
        torch.testing.assert_close(block(image), before.clamp_min(0) + slopes.view(1, 4, 1, 1) * before.clamp_max(0))
