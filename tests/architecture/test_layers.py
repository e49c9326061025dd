"""Tables resolved into layers: the dials, the sizes, and the figures of the paper's tables."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.architecture.cost import cost
from mobilenets.architecture.layer import IMAGE, Layer
from mobilenets.architecture.names import PUBLISHED, Name, body, network
from mobilenets.architecture.rows import Conv
from mobilenets.architecture.style import Row
from mobilenets.architecture.tables import (
    CONV_MOBILENET,
    MOBILENET,
    SHALLOW_MOBILENET,
    check_classes,
    classifier,
    extend,
    layers,
)
from mobilenets.errors import UsageError

# The official checkpoints, counted: convolutions and the 1000-way classifier, no batch norm, no bias.
MULT_ADDS = {
    "mobilenet_v1_1.0_224": 568_740_352,
    "mobilenet_v1_1.0_192": 418_121_728,
    "mobilenet_v1_1.0_160": 290_675_200,
    "mobilenet_v1_1.0_128": 186_400_768,
    "mobilenet_v1_0.75_224": 325_400_448,
    "mobilenet_v1_0.75_192": 239_273_472,
    "mobilenet_v1_0.75_160": 166_396_800,
    "mobilenet_v1_0.75_128": 106_770_432,
    "mobilenet_v1_0.5_224": 149_497_088,
    "mobilenet_v1_0.5_192": 109_970_432,
    "mobilenet_v1_0.5_160": 76_524_800,
    "mobilenet_v1_0.5_128": 49_160_192,
    "mobilenet_v1_0.25_224": 41_030_272,
    "mobilenet_v1_0.25_192": 30_212_608,
    "mobilenet_v1_0.25_160": 21_059_200,
    "mobilenet_v1_0.25_128": 13_570_048,
}
PARAMS = {  # by width: with 1000 classes, with 1001
    1.0: (4_231_976, 4_233_001),
    0.75: (2_585_560, 2_586_329),
    0.5: (1_331_592, 1_332_105),
    0.25: (470_072, 470_329),
}


def check_chain(resolved: tuple[Layer, ...], *, resolution: int) -> None:
    """Every layer reads what stands before it, at the size and with the channels it was made with."""
    made = {IMAGE: (3, (resolution, resolution))}
    for layer in resolved:
        channels = [made[name][0] for name in layer.inputs]
        assert layer.in_channels == sum(channels), layer.name
        assert {made[name][1] for name in layer.inputs} == {layer.in_size}, layer.name
        assert layer.name not in made, f"two layers are called {layer.name}"
        assert min(*layer.out_size, layer.out_channels) >= 1
        made[layer.name] = (layer.out_channels, layer.out_size)


@pytest.mark.parametrize("name", PUBLISHED, ids=str)
def test_published_networks_cost_what_counting_gives_to_the_unit(name: Name) -> None:
    counted = cost(network(name))
    assert counted.mult_adds == MULT_ADDS[str(name)]
    assert counted.params == PARAMS[name.width][0]
    assert cost(network(name, classes=1001)).params == PARAMS[name.width][1]


@pytest.mark.parametrize(
    ("name", "millions", "params"),
    [
        # Tables 4, 5, 6 and 7.
        ("conv_mobilenet_v1_1.0_224", 4867, 29.3),
        ("mobilenet_v1_1.0_224", 569, 4.2),
        ("mobilenet_v1_0.75_224", 325, 2.6),
        ("shallow_mobilenet_v1_1.0_224", 307, 2.9),
        ("mobilenet_v1_0.5_224", 149, 1.3),
        ("mobilenet_v1_0.25_224", 41, 0.5),
        ("mobilenet_v1_1.0_192", 418, 4.2),
        ("mobilenet_v1_1.0_160", 291, 4.2),
        ("mobilenet_v1_1.0_128", 186, 4.2),
    ],
)
def test_tables_4_to_7_are_reproduced(name: str, millions: int, params: float) -> None:
    counted = cost(network(name))
    assert counted.mult_adds / 1e6 == pytest.approx(millions, abs=0.7)
    assert round(counted.params / 1e6, 1) == params


def test_conv_and_shallow_mobilenet_to_the_unit() -> None:
    conv = network("conv_mobilenet_v1_1.0_224")
    assert cost(conv[:-2]).mult_adds == 4_866_269_184
    assert cost(conv).mult_adds == 4_867_293_184
    assert sum(layer.weights for layer in conv) == 29_281_120
    shallow = cost(network("shallow_mobilenet_v1_1.0_224"))
    assert (shallow.mult_adds, shallow.params) == (307_323_392, 2_887_976)


def test_table_1_row_by_row() -> None:
    strides = [(layer.stride, layer.in_size[0], layer.in_channels, layer.out_channels) for layer in layers(MOBILENET)]
    assert strides[:7] == [
        (2, 224, 3, 32),
        (1, 112, 32, 32),
        (1, 112, 32, 64),
        (2, 112, 64, 64),
        (1, 56, 64, 128),
        (1, 56, 128, 128),
        (1, 56, 128, 128),
    ]
    assert strides[-4:] == [(2, 14, 512, 512), (1, 7, 512, 1024), (1, 7, 1024, 1024), (1, 7, 1024, 1024)]
    assert len(strides) == 27


def test_shallow_lacks_exactly_the_five_rows_at_14_pixels() -> None:
    full, shallow = layers(MOBILENET), layers(SHALLOW_MOBILENET)

    def at_14(resolved: tuple[Layer, ...]) -> int:
        return sum(layer.in_size == layer.out_size == (14, 14) and layer.kind == "depthwise" for layer in resolved)

    assert at_14(full) - at_14(shallow) == 5
    assert len(full) - len(shallow) == 10
    assert len(layers(CONV_MOBILENET)) == len(MOBILENET)


def test_body_oracle() -> None:
    """The feature extractor of the detectors: its weights, and the outputs of all but the depthwise layers."""
    trunk = body("mobilenet_v1_1.0_224")
    assert sum(layer.weights for layer in trunk) == 3_185_088
    assert sum(layer.out_channels for layer in trunk if layer.kind != "depthwise") == 5_984


@pytest.mark.parametrize(
    ("name", "min_depth", "mult_adds", "params"),
    [
        # Table 12 with 40 attributes; its 45 and 15 M come from a smallest depth of 16.
        ("mobilenet_v1_1.0_224", 8, 567.76, 3.248),
        ("mobilenet_v1_0.5_224", 8, 149.01, 0.839),
        ("mobilenet_v1_0.25_224", 8, 40.78, 0.223),
        ("mobilenet_v1_0.25_224", 16, 46.00, 0.224),
        ("mobilenet_v1_1.0_128", 8, 185.42, 3.248),
        ("mobilenet_v1_0.5_128", 8, 48.67, 0.839),
        ("mobilenet_v1_0.25_128", 8, 13.32, 0.223),
        ("mobilenet_v1_0.25_128", 16, 15.03, 0.224),
    ],
)
def test_table_12(name: str, min_depth: int, mult_adds: float, params: float) -> None:
    counted = cost(network(name, classes=40, min_depth=min_depth))
    assert round(counted.mult_adds / 1e6, 2) == mult_adds
    assert round(counted.params / 1e6, 3) == params


@pytest.mark.parametrize(
    ("name", "millions"), [("1.0_160", 289.7), ("1.0_128", 185.4), ("0.75_160", 165.6), ("0.75_128", 106.0)]
)
def test_bodies_of_table_14(name: str, millions: float) -> None:
    assert round(cost(body(f"mobilenet_v1_{name}")).mult_adds / 1e6, 1) == millions


@settings(deadline=None)
@given(
    table=st.sampled_from([MOBILENET, CONV_MOBILENET, SHALLOW_MOBILENET]),
    width=st.floats(min_value=0.0, max_value=2.0, exclude_min=True),
    resolution=st.integers(min_value=32, max_value=1024),
    min_depth=st.integers(min_value=1, max_value=64),
)
def test_any_width_and_resolution_resolves(
    table: tuple[Row, ...], width: float, resolution: int, min_depth: int
) -> None:
    same = layers(table, width=width, resolution=resolution, min_depth=min_depth)
    symmetric = layers(table, width=width, resolution=resolution, min_depth=min_depth, padding="symmetric")
    check_chain(same, resolution=resolution)
    check_chain(symmetric, resolution=resolution)
    assert [layer.out_size for layer in same] == [layer.out_size for layer in symmetric]
    assert same[-1].out_size[0] == math.ceil(resolution / 32)
    assert same[0].out_channels == max(int(32 * width), min_depth)
    assert min(layer.out_channels for layer in same) >= min_depth


def test_height_and_width_may_differ() -> None:
    last = layers(MOBILENET, resolution=(160, 320))[-1]
    assert last.out_size == (5, 10)


@pytest.mark.parametrize("width", [0.0, -0.5, 2.01, float("nan"), float("inf")])
def test_a_width_outside_its_limits_is_refused(width: float) -> None:
    with pytest.raises(UsageError, match=r"width .* is outside \(0, 2\]: use"):
        layers(MOBILENET, width=width)


def test_the_limits_themselves_are_allowed() -> None:
    assert layers(MOBILENET, width=2.0, resolution=32)[-1].out_channels == 2048


@pytest.mark.parametrize("resolution", [31, 0, -224, (224, 16)])
def test_a_resolution_under_32_is_refused(resolution: int | tuple[int, int]) -> None:
    with pytest.raises(UsageError, match=r"resolution .* is under 32: use"):
        layers(MOBILENET, resolution=resolution)


def test_min_depth_and_classes_are_checked() -> None:
    with pytest.raises(UsageError, match="min-depth 0 is under 1"):
        layers(MOBILENET, min_depth=0)
    with pytest.raises(UsageError, match="classes 0 is under 1"):
        classifier(layers(MOBILENET), 0)
    check_classes(1)


def test_a_head_has_the_outputs_asked_for_whatever_the_smallest_depth() -> None:
    trunk = layers(MOBILENET, width=0.25, resolution=96, min_depth=16)
    predictor = extend(trunk, [Conv(4, kernel=1, norm=False, name="boxes")], prefix="head/")[0]
    assert (predictor.name, predictor.inputs) == ("head/boxes", (trunk[-1].name,))
    assert (predictor.in_channels, predictor.out_channels, predictor.out_size) == (256, 4, (3, 3))
    assert predictor.bias and not predictor.norm


def test_a_repeated_layer_costs_its_repeats_but_not_its_weights() -> None:
    once = Layer("x", "conv", (IMAGE,), 8, 16, (7, 7), (7, 7), kernel=(3, 3), norm=True)
    often = Layer("x", "conv", (IMAGE,), 8, 16, (7, 7), (7, 7), kernel=(3, 3), norm=True, repeats=300)
    assert once.params == often.params == 3 * 3 * 8 * 16 + 2 * 16
    assert often.mult_adds == 300 * once.mult_adds == 300 * 9 * 8 * 16 * 49
    assert often.activations == 300 * once.activations
