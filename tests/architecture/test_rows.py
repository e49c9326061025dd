"""Rows: what each becomes, in figures that can be checked by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.architecture.cost import cost, weight_bytes
from mobilenets.architecture.rows import (
    Branches,
    CentreCrop,
    Conv,
    Depthwise,
    GlobalAveragePool,
    L2Normalise,
    L2Scale,
    Linear,
    LocalResponseNorm,
    Pool,
    Residual,
    Separable,
)
from mobilenets.architecture.style import Style, Tap, image_tap, lay

MAP = Tap("map", 512, (14, 14))


def half_up(value: float, digits: int) -> float:
    return int(value * 10**digits + 0.5) / 10**digits


@pytest.mark.parametrize(
    ("row", "width", "side", "mult_adds", "weights"),
    [
        # Table 3: one inner layer, 14 x 14 x 512 to 512 with a 3x3 kernel, each row on top of the one before.
        (Conv(512), 1.0, 14, 462.4, 2.36),
        (Separable(512), 1.0, 14, 52.3, 0.27),
        (Separable(512), 0.75, 14, 29.6, 0.15),
        (Separable(512), 0.75, 10, 15.1, 0.15),
    ],
)
def test_table_3(row: Conv | Separable, width: float, side: int, mult_adds: float, weights: float) -> None:
    style = Style(width=width)
    laid = lay([row], Tap("map", style.depth(512), (side, side)), style)
    assert half_up(cost(laid).mult_adds / 1e6, 1) == mult_adds
    assert half_up(sum(layer.weights for layer in laid) / 1e6, 2) == weights


def test_a_convolution_has_a_bias_exactly_where_it_has_no_batch_norm() -> None:
    (normed,) = lay([Conv(8)], MAP, Style())
    (plain,) = lay([Conv(8)], MAP, Style(norm=False))
    (both,) = lay([Conv(8, bias=True)], MAP, Style())
    assert (normed.bias, normed.norm, normed.params) == (False, True, 9 * 512 * 8 + 16)
    assert (plain.bias, plain.norm, plain.params) == (True, False, 9 * 512 * 8 + 8)
    assert both.params == 9 * 512 * 8 + 24


def test_activation_is_the_style_s_unless_the_row_says_otherwise() -> None:
    styled, none, leaky = lay(
        [Conv(8), Conv(8, activation=None), Conv(8, activation="leaky_relu")], MAP, Style(activation="relu")
    )
    assert (styled.activation, none.activation, leaky.activation) == ("relu", None, "leaky_relu")


def test_separable_is_depthwise_then_pointwise_each_with_norm() -> None:
    depthwise, pointwise = lay([Separable(64, stride=2, name="block")], MAP, Style())
    assert (depthwise.name, depthwise.kind, depthwise.groups, depthwise.stride) == (
        "block/depthwise",
        "depthwise",
        512,
        2,
    )
    assert (pointwise.name, pointwise.kind, pointwise.kernel, pointwise.out_size) == (
        "block/pointwise",
        "pointwise",
        (1, 1),
        (7, 7),
    )
    assert depthwise.norm and pointwise.norm
    assert depthwise.activation == pointwise.activation == "relu6"


def test_a_fused_separable_has_nothing_in_between() -> None:
    depthwise, pointwise = lay([Separable(64, kernel=7, multiplier=8, fused=True, norm=False)], image_tap(224), Style())
    assert (depthwise.out_channels, depthwise.params, depthwise.activation) == (24, 7 * 7 * 3 * 8, None)
    assert (pointwise.params, pointwise.bias, pointwise.activation) == (24 * 64 + 64, True, "relu6")
    _, normed = lay([Separable(64, fused=True)], MAP, Style())
    assert normed.norm and not normed.bias


def test_depthwise_keeps_its_input_channels_whatever_the_width() -> None:
    (layer,) = lay([Depthwise(multiplier=2)], MAP, Style(width=0.25))
    assert (layer.out_channels, layer.weights) == (1024, 9 * 1024)


def test_grouped_convolution() -> None:
    (layer,) = lay([Conv(256, kernel=5, groups=2)], MAP, Style(padding="symmetric"))
    assert (layer.kind, layer.padding, layer.weights) == ("conv", (2, 2), 25 * 256 * 256)


@pytest.mark.parametrize(
    ("dilation", "padding", "asked", "out"),
    [(6, (6, 6), None, 14), (2, (2, 2), None, 14), (2, (0, 0), 0, 10), (1, (1, 1), None, 14)],
)
def test_a_dilated_kernel_spans_more_and_costs_no_more(dilation: int, padding: object, asked: int, out: int) -> None:
    (layer,) = lay([Conv(8, dilation=dilation, padding=asked)], MAP, Style(padding="symmetric"))
    assert (layer.dilation, layer.padding, layer.out_size) == (dilation, padding, (out, out))
    assert layer.mult_adds == 9 * 512 * 8 * out * out


@pytest.mark.parametrize(
    ("row", "side", "padding", "out"),
    [
        (Pool("max"), 112, (0, 0), 55),
        (Pool("max", ceil=True), 112, (0, 0), 56),
        (Pool("max", padding=None), 112, "same", 56),
        (Pool("max", kernel=2), 37, (0, 0), 18),
        (Pool("max", kernel=2, ceil=True), 37, (0, 0), 19),
        # PyTorch: MaxPool2d(2, stride=2, padding=1, ceil_mode=True) makes 2 of 3 pixels; the third window is padding.
        (Pool("max", kernel=2, padding=1, ceil=True), 3, (1, 1), 2),
        (Pool("average", stride=1, padding=1), 35, (1, 1), 35),
        (Pool("l2", stride=1, padding="same"), 7, "same", 7),
    ],
)
def test_pool_sizes(row: Pool, side: int, padding: object, out: int) -> None:
    (layer,) = lay([row], Tap("map", 16, (side, side)), Style())
    assert (layer.out_size, layer.padding) == ((out, out), padding)
    assert (layer.op, layer.out_channels, layer.params, layer.mult_adds) == (
        {"max": "max_pool", "average": "average_pool", "l2": "l2_pool"}[row.kind],
        16,
        0,
        0,
    )


def test_linear_flattens_what_it_reads() -> None:
    hidden, out = lay([Linear(4096, activation="relu"), Linear(10)], Tap("map", 256, (6, 6)), Style(width=0.5))
    assert hidden.params == 256 * 36 * 4096 + 4096
    assert hidden.mult_adds == 256 * 36 * 4096
    assert (out.params, out.out_size, out.activation) == (40970, (1, 1), None)


def test_layers_without_weights_keep_their_channels() -> None:
    norm, pool, length = lay([LocalResponseNorm(), GlobalAveragePool(), L2Normalise()], MAP, Style())
    assert [layer.out_size for layer in (norm, pool, length)] == [(14, 14), (1, 1), (1, 1)]
    assert cost([norm, pool, length]).params == cost([norm, pool, length]).mult_adds == 0
    assert norm.kind == pool.kind == length.kind == "other"


def test_branches_read_one_input_and_are_joined_in_order() -> None:
    block = Branches(((Conv(8, kernel=1),), (Conv(4, kernel=1), Conv(16)), ()), name="mixed")
    laid = lay([block], MAP, Style())
    assert [layer.name for layer in laid] == [
        "mixed/branch_0/conv_0",
        "mixed/branch_1/conv_0",
        "mixed/branch_1/conv_1",
        "mixed/concat",
    ]
    assert laid[0].inputs == laid[1].inputs == ("map",)
    assert laid[-1].inputs == ("mixed/branch_0/conv_0", "mixed/branch_1/conv_1", "map")
    assert laid[-1].out_channels == 8 + 16 + 512


def test_branches_of_different_sizes_are_a_mistake_in_the_table() -> None:
    with pytest.raises(ValueError, match="cannot join maps of different sizes"):
        lay([Branches(((Conv(8),), (Conv(8, stride=2),)))], MAP, Style())


@settings(deadline=None)
@given(
    length=st.integers(min_value=1, max_value=300),
    kernel=st.integers(min_value=1, max_value=11),
    stride=st.integers(min_value=1, max_value=4),
    padding=st.integers(min_value=0, max_value=5),
    ceil=st.booleans(),
)
def test_pool_sizes_are_pytorch_s(length: int, kernel: int, stride: int, padding: int, ceil: bool) -> None:
    if padding > kernel // 2 or length + 2 * padding < kernel:
        return
    row = Pool("max", kernel=kernel, stride=stride, padding=padding, ceil=ceil)
    (layer,) = lay([row], Tap("map", 1, (length, length)), Style())
    made = torch.nn.MaxPool2d(kernel, stride, padding, ceil_mode=ceil)(torch.empty(1, length, length, device="meta"))
    assert layer.out_size == tuple(made.shape[1:])


def test_slopes_are_params_and_bytes_and_no_mult_adds() -> None:
    (plain,), (sloped,) = (lay([Conv(8, activation=activation)], MAP, Style()) for activation in ("relu", "prelu"))  # type: ignore[list-item]
    assert (sloped.params, sloped.mult_adds) == (plain.params + 8, plain.mult_adds)
    assert weight_bytes([sloped], "float32") == weight_bytes([plain], "float32") + 4 * 8
    assert weight_bytes([sloped], "int8") == weight_bytes([plain], "int8") + 8


def test_scales_are_params_and_bytes_and_no_mult_adds() -> None:
    (layer,) = lay([L2Scale()], MAP, Style())
    assert (layer.params, layer.mult_adds, layer.out_size, layer.kind) == (512, 0, (14, 14), "other")
    assert (weight_bytes([layer], "float32"), weight_bytes([layer], "int8")) == (2048, 512)


def test_a_residual_adds_what_its_rows_make_to_what_they_read() -> None:
    laid = lay([Residual((Conv(8, name="one"), Conv(512, name="two")), name="sum")], MAP, Style())
    assert [layer.name for layer in laid] == ["sum/one", "sum/two", "sum/add"]
    assert laid[-1].inputs == ("map", "sum/two")
    assert (laid[-1].out_channels, laid[-1].out_size, laid[-1].mult_adds, laid[-1].params) == (512, (14, 14), 0, 0)


@pytest.mark.parametrize("row", [Conv(8), Conv(512, stride=2)])
def test_a_residual_keeps_size_and_channels(row: Conv) -> None:
    with pytest.raises(ValueError, match="cannot add"):
        lay([Residual((row,), name="sum")], MAP, Style())


def test_a_centre_crop_keeps_the_height() -> None:
    (crop,) = lay([CentreCrop((6, 7))], Tap("map", 3, (112, 112)), Style())
    assert (crop.out_size, crop.out_channels, crop.mult_adds, crop.params) == ((112, 96), 3, 0, 0)
