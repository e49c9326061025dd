"""The costs of the published networks to the unit, and those of other libraries' networks."""

import pytest

import mobilenets
from mobilenets.architecture import names
from mobilenets.errors import UsageError
from mobilenets.jobs.cost import NetworkCost, cost

# Convolutions and the 1000-way classifier, without biases and batch norm.
_MULT_ADDS = {
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
_PARAMS = {1.0: (4_231_976, 4_233_001), 0.75: (2_585_560, 2_586_329), 0.5: (1_331_592, 1_332_105)}
_PARAMS[0.25] = (470_072, 470_329)


def _adds_up(one: NetworkCost) -> bool:
    return one.mult_adds == sum(layer.mult_adds for layer in one.layers) and one.params == sum(
        layer.params for layer in one.layers
    )


@pytest.mark.parametrize("name", list(_MULT_ADDS))
def test_published_networks_to_the_unit(name: str) -> None:
    one = mobilenets.cost(name)
    width = names.parse(name).width
    assert one.mult_adds == _MULT_ADDS[name]
    assert (one.params, cost(name, classes=1001).params) == _PARAMS[width]
    assert _adds_up(one)
    assert (one.counted, one.outputs) == ("planned", 1000)


def test_outputs_unset_are_the_published_ones() -> None:
    assert cost("facenet_nn2").outputs == 128
    assert cost("facenet_nn2", classes=64).outputs == 64


@pytest.mark.parametrize(
    ("name", "mult_adds", "params"),
    [
        ("timm:mobilenetv1_100", 568_740_352, 4_231_976),
        ("torchvision:vgg16", 15_470_264_320, 138_357_544),
        ("torchvision:alexnet", 714_188_480, 61_100_840),
    ],
)
def test_other_libraries_networks(name: str, mult_adds: int, params: int) -> None:
    one = cost(name)
    assert (one.mult_adds, one.params) == (mult_adds, params)
    assert (one.counted, one.outputs, one.peak_activation_bytes) == ("traced", 1000, None)
    assert one.weight_bytes == {"float32": 4 * params, "int8": params}
    assert _adds_up(one)
    assert sum(share.mult_adds for share in one.shares) == pytest.approx(1)
    assert sum(share.weights for share in one.shares) == pytest.approx(1)


def test_both_counters_share_out_alike() -> None:
    planned = {share.kind: share.mult_adds for share in cost("mobilenet_v1_1.0_224").shares}
    traced = {share.kind: share.mult_adds for share in cost("timm:mobilenetv1_100").shares}
    assert traced == {**planned, "other": 0.0}


def test_resolution_and_classes_of_a_traced_network() -> None:
    one = cost("timm:mobilenetv1_100", classes=10, resolution=128)
    assert one.in_shape == (3, 128, 128)
    assert one.outputs == 10
    assert one.mult_adds == cost("mobilenet_v1_1.0_128", classes=10).mult_adds


@pytest.mark.parametrize(
    ("name", "mult_adds", "params", "boxes"),
    [
        ("ssd_mobilenet_v1_1.0_300", 1_237_129_408, 6_819_839, 1917),
        ("ssd_vgg16_300", 34_858_153_472, 35_641_826, 8732),
        ("frcnn_mobilenet_v1_1.0_600", 30_493_700_224, 6_062_923, 300),
    ],
)
def test_detectors(name: str, mult_adds: int, params: int, boxes: int) -> None:
    one = mobilenets.cost(name)
    assert (one.mult_adds, one.params, one.boxes) == (mult_adds, params, boxes)
    assert (one.name, one.counted, one.outputs) == (name, "planned", 91)
    assert _adds_up(one)
    assert sum(share.mult_adds for share in one.shares) == pytest.approx(1)
    assert cost("mobilenet_v1_1.0_224").boxes is None


def test_a_second_stage_s_layers_repeat() -> None:
    repeats = {layer.name: layer.repeats for layer in cost("frcnn_vgg16_300").layers}
    assert (repeats["conv5_3"], repeats["rpn/scores"], repeats["crop"], repeats["fc7"]) == (1, 1, 300, 300)


def test_a_detector_s_classes_are_without_the_background() -> None:
    assert cost("ssd_vgg16_300", classes=90) == cost("ssd_vgg16_300")
    assert cost("frcnn_inception_v2_300", classes=2).outputs == 3


def test_the_smallest_depth_of_a_detector_is_16() -> None:
    name = "ssd_mobilenet_v1_0.25_300"
    assert cost(name) == cost(name, min_depth=16) != cost(name, min_depth=8)


@pytest.mark.parametrize("name", ["timm:resnet18", "vgg16", "ssd_vgg16_300"])
def test_min_depth_is_for_mobilenets(name: str) -> None:
    with pytest.raises(UsageError, match="min-depth 4 with"):
        cost(name, min_depth=4)
