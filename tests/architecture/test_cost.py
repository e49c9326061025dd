"""Cost: Table 2, bytes of weights, and peak activation memory checked by hand."""

import pytest

from mobilenets.architecture.cost import KINDS, cost, peak_activation_bytes, shares, weight_bytes
from mobilenets.architecture.names import network
from mobilenets.architecture.rows import Branches, Conv, GlobalAveragePool, Linear
from mobilenets.architecture.style import Style, image_tap, lay

BRANCHING = lay(
    [
        Conv(4, name="stem"),
        Branches(((Conv(2, kernel=1),), (Conv(6),)), name="mixed"),
        GlobalAveragePool(name="pool"),
        Linear(5, name="classifier"),
    ],
    image_tap(8),
    Style(min_depth=1),
)


@pytest.mark.parametrize(
    ("kind", "mult_adds", "weights"),
    [
        ("pointwise", 94.86, 74.59),
        ("depthwise", 3.06, 1.06),
        ("conv", 1.91, 0.02),  # the paper prints 1.19, a slip: its own rows then miss .72 of 100
        ("linear", 0.18, 24.33),
    ],
)
def test_table_2(kind: str, mult_adds: float, weights: float) -> None:
    (share,) = [share for share in cost(network("mobilenet_v1_1.0_224")).shares if share.kind == kind]
    assert round(100 * share.mult_adds, 2) == mult_adds
    assert round(100 * share.weights, 2) == weights


def test_shares_add_up_to_one_in_the_order_of_the_paper() -> None:
    parts = shares(network("mobilenet_v1_0.5_160"))
    assert tuple(part.kind for part in parts) == KINDS == ("pointwise", "depthwise", "conv", "linear")
    assert sum(part.mult_adds for part in parts) == pytest.approx(1.0)
    assert sum(part.weights for part in parts) == pytest.approx(1.0)


def test_shares_of_layers_without_weights_are_zero() -> None:
    assert all(part.mult_adds == part.weights == 0.0 for part in shares(BRANCHING[-2:-1]))


def test_peak_of_a_branching_network_by_hand() -> None:
    # 8 x 8 = 64 places. Image 3, stem 4, branches 2 and 6, joined 8 channels.
    # stem: 3 + 4 = 7; branch 0: 4 + 2 = 6; branch 1: 4 + 2 + 6 = 12; concat: 2 + 6 + 8 = 16; pool: 8 (+ 8 numbers).
    assert peak_activation_bytes(BRANCHING, "float32") == 16 * 64 * 4
    assert peak_activation_bytes(BRANCHING, "int8") == 16 * 64
    assert peak_activation_bytes(BRANCHING[:-3], "int8") == 12 * 64


def test_a_map_that_is_read_again_stays_alive() -> None:
    laid = lay([Conv(4), Branches(((Conv(2, kernel=1), Conv(2)), ()))], image_tap(8), Style(min_depth=1))
    # The second branch passes the stem's 4 channels on: 4 + 2 + 2 at the last convolution, 4 + 2 + 6 at the concat.
    assert peak_activation_bytes(laid, "int8") == 12 * 64
    assert peak_activation_bytes(laid[:-1], "int8") == (3 + 4) * 64


def test_peak_of_mobilenet_is_its_first_pointwise_layer() -> None:
    counted = cost(network("mobilenet_v1_1.0_224"))
    assert counted.peak_activation_bytes == {"float32": 112 * 112 * (32 + 64) * 4, "int8": 112 * 112 * (32 + 64)}


def test_bytes_of_weights_by_hand() -> None:
    # Folded: stem 3*9*4 + 4, branches 4*2 + 2 and 4*9*6 + 6, classifier 8*5 + 5 numbers of 4 bytes.
    assert weight_bytes(BRANCHING, "float32") == 4 * (112 + 10 + 222 + 45)
    # int8: a byte a weight, then an int32 bias and a float32 scale for each of the 4 + 2 + 6 + 5 outputs.
    assert weight_bytes(BRANCHING, "int8") == 108 + 8 + 216 + 40 + 8 * 17


@pytest.mark.parametrize(
    ("width", "float_megabytes", "int8_megabytes"),
    [(1.0, 16.9, 4.3), (0.75, 10.3, 2.6), (0.5, 5.3, 1.4), (0.25, 1.9, 0.5)],
)
def test_bytes_of_weights_are_those_of_the_published_tflite_files(
    width: float, float_megabytes: float, int8_megabytes: float
) -> None:
    counted = cost(network(f"mobilenet_v1_{width}_224", classes=1001)).weight_bytes
    assert round(counted["float32"] / 1e6, 1) == float_megabytes
    assert round(counted["int8"] / 1e6, 1) == int8_megabytes


def test_cost_is_the_sum_of_its_layers() -> None:
    counted = cost(BRANCHING)
    assert counted.params == (108 + 8) + (8 + 4) + (216 + 12) + 45
    assert counted.mult_adds == 64 * (108 + 8 + 216) + 40
