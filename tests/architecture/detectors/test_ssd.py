"""SSD on its bodies: exact figures, default boxes, and the same network as torchvision's."""

from collections import Counter

import pytest
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.architecture.detectors.names import detector
from mobilenets.architecture.layer import Layer
from mobilenets.network.graph import Network

# Mult-adds; params without batch norm, and with its scale and shift.
FIGURES = {
    "ssd_mobilenet_v1_1.0_300": (1_237_129_408, 6_794_495, 6_819_839),
    "ssd_inception_v2_300": (3_782_704_544, 13_771_095, 13_794_327),
    # 512 of the params are the learnt lengths of conv4_3.
    "ssd_vgg16_300": (34_858_153_472, 35_641_314 + 512, 35_641_314 + 512),
}


def _params(layers: tuple[Layer, ...], *, norm: bool) -> int:
    return sum(layer.params - 2 * layer.out_channels * (layer.norm and not norm) for layer in layers)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_to_the_unit(name: str) -> None:
    layers = detector(name).layers
    found = (cost(layers).mult_adds, _params(layers, norm=False), _params(layers, norm=True))
    assert found == FIGURES[name]


def test_a_mobilenet_s_mult_adds_by_part() -> None:
    """Body, further maps, predictors; and the body is the one that classifies, whose weights fit."""
    layers = detector("ssd_mobilenet_v1_1.0_300").layers
    body = names.body("mobilenet_v1_1.0_300")
    assert layers[: len(body)] == body
    assert _params(body, norm=False) == 3_185_088
    # As TensorFlow's detectors note it, with a number a channel behind all but the depthwise layers.
    assert sum(layer.weights + (layer.kind != "depthwise") * layer.out_channels for layer in body) == 3_191_072
    predict = [layer for layer in layers if layer.name.endswith(("/scores", "/offsets"))]
    parts = (body, [layer for layer in layers[len(body) : -1] if layer not in predict], predict)
    assert [round(cost(part).mult_adds / 1e6, 1) for part in parts] == [1055.2, 61.6, 120.3]


def test_with_coco_s_80_categories() -> None:
    """As many params as are not printed: the published detector has an output for each of 90 numbers."""
    assert round(cost(detector("ssd_mobilenet_v1_1.0_300", classes=80).layers).params / 1e6, 2) == 6.67


@pytest.mark.parametrize(
    ("name", "sides", "shapes", "boxes"),
    [
        ("ssd_mobilenet_v1_1.0_300", (19, 10, 5, 3, 2, 1), (3, 6, 6, 6, 6, 6), 1917),
        ("ssd_inception_v2_300", (19, 10, 5, 3, 2, 1), (3, 6, 6, 6, 6, 6), 1917),
        ("ssd_mobilenet_v1_0.5_224", (14, 7, 4, 2, 1, 1), (3, 6, 6, 6, 6, 6), 1014),
        ("ssd_mobilenet_v1_1.0_320", (20, 10, 5, 3, 2, 1), (3, 6, 6, 6, 6, 6), 2034),
        ("ssd_mobilenet_v1_1.0_512", (32, 16, 8, 4, 2, 1), (3, 6, 6, 6, 6, 6), 5118),
        # SSD300 and SSD512 of SSD's own paper, Table 7.
        ("ssd_vgg16_300", (38, 19, 10, 5, 3, 1), (4, 6, 6, 6, 4, 4), 8732),
        ("ssd_vgg16_512", (64, 32, 16, 8, 4, 2, 1), (4, 6, 6, 6, 6, 4, 4), 24564),
    ],
)
def test_default_boxes(name: str, sides: tuple[int, ...], shapes: tuple[int, ...], boxes: int) -> None:
    found = detector(name)
    assert tuple(one.scores.out_size for one in found.predictors) == tuple((side, side) for side in sides)
    assert tuple(len(one.shapes) for one in found.predictors) == shapes
    assert found.boxes == boxes == sum(side * side * shape for side, shape in zip(sides, shapes, strict=True))


def test_each_map_has_its_scores_and_offsets_by_name() -> None:
    found = detector("ssd_mobilenet_v1_1.0_300", classes=4)
    reads = ("separable_11/pointwise", "separable_13/pointwise", *(f"map_{place}/halve" for place in range(2, 6)))
    for place, (one, read) in enumerate(zip(found.predictors, reads, strict=True)):
        assert (one.scores.name, one.offsets.name) == (f"map_{place}/scores", f"map_{place}/offsets")
        assert one.scores.inputs == one.offsets.inputs == (read,)
        assert (one.scores.out_channels, one.offsets.out_channels) == (5 * len(one.shapes), 4 * len(one.shapes))
        assert one.scores.bias and not one.scores.norm and one.scores.activation is None
        assert one.scores in found.layers and one.offsets in found.layers


def test_width_thins_body_and_further_maps_down_to_the_smallest_depth() -> None:
    def channels(**asked: int) -> list[int]:
        layers = {layer.name: layer.out_channels for layer in detector("ssd_mobilenet_v1_0.25_300", **asked).layers}
        return [layers[name] for name in ("conv_0", "separable_13/pointwise", "map_2/halve", "map_5/reduce")]

    assert channels() == [16, 256, 128, 16]
    assert channels(min_depth=4) == [8, 256, 128, 16]
    assert channels(min_depth=40) == [40, 256, 128, 40]


def test_the_last_layer_joins_them_all() -> None:
    found = detector("ssd_mobilenet_v1_1.0_300", classes=4)
    last = found.layers[-1]
    assert (last.name, last.op, last.out_size, last.out_channels) == ("boxes", "boxes", (1917, 1), 5 + 4 + 4)
    assert last.inputs == tuple(name for one in found.predictors for name in (one.scores.name, one.offsets.name))
    assert last.grids == tuple(one.grid for one in found.predictors)


def test_shapes_of_the_authors_default_boxes() -> None:
    """As the constant of their TFLite file has them: three on the finest map, six with a square between on others."""
    first, second, *_, last = (one.shapes for one in detector("ssd_mobilenet_v1_1.0_300").predictors)
    assert list(first) == [pytest.approx(one, abs=1e-4) for one in ((0.1, 0.1), (0.1414, 0.2828), (0.2828, 0.1414))]
    expected = [(0.35, 0.35), (0.2475, 0.4950), (0.4950, 0.2475), (0.2021, 0.6062), (0.6062, 0.2021), (0.4183, 0.4183)]
    assert [pytest.approx(shape, abs=1e-4) for shape in expected] == list(second)
    assert (last[0], last[-1]) == (pytest.approx((0.95, 0.95)), pytest.approx((0.9747, 0.9747), abs=1e-4))


def test_ssd_s_own_first_map_has_smaller_boxes() -> None:
    shapes = [one.shapes for one in detector("ssd_vgg16_300").predictors]
    assert [one[0][0] for one in shapes] == pytest.approx([0.1, 0.2, 0.375, 0.55, 0.725, 0.9])
    assert shapes[0][-1] == pytest.approx((0.1414, 0.1414), abs=1e-4)


# --- SSD300 is torchvision's ---


def _theirs() -> nn.Module:
    return torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=91).eval()


def _shape(conv: nn.Conv2d) -> tuple[object, ...]:
    return (conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.dilation)


def _planned(layer: Layer) -> tuple[object, ...]:
    stride, dilation = (layer.stride,) * 2, (layer.dilation,) * 2
    padding = (layer.kernel[0] // 2,) * 2 if layer.padding == "same" else layer.padding
    return (layer.in_channels, layer.out_channels, layer.kernel, stride, padding, dilation)


def test_ssd300_has_the_layers_of_torchvision_s() -> None:
    with torch.device("meta"):
        theirs = _theirs()
    convs = [module for module in theirs.modules() if isinstance(module, nn.Conv2d)]
    planned = [layer for layer in detector("ssd_vgg16_300").layers if layer.op == "conv"]
    heads = 2 * 6
    assert list(map(_planned, planned[:-heads])) == list(map(_shape, convs[:-heads]))
    assert Counter(map(_planned, planned[-heads:])) == Counter(map(_shape, convs[-heads:]))


def test_ssd300_costs_what_torchvision_s_does() -> None:
    with torch.device("meta"):
        theirs = _theirs()
        image = torch.empty(1, 3, 300, 300)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        maps = list(theirs.backbone(image).values())
        made = theirs.head(maps)
    found = detector("ssd_vgg16_300")
    assert counter.get_total_flops() == 2 * cost(found.layers).mult_adds
    assert sum(parameter.numel() for parameter in theirs.parameters()) == cost(found.layers).params
    assert made["cls_logits"].shape == (1, found.boxes, found.outputs)
    assert [tuple(one.shape[-2:]) for one in maps] == [one.scores.out_size for one in found.predictors]


def test_ssd300_s_first_maps_are_torchvision_s() -> None:
    """With their weights: the learnt lengths, a pool that rounds up (19 to 10), the dilated kernel."""
    torch.manual_seed(0)
    theirs = _theirs().backbone
    layers = detector("ssd_vgg16_300").layers
    ours = Network(layers[: [layer.name for layer in layers].index("map_0/scale") + 1]).eval()
    state = {key: value for key, value in theirs.state_dict().items() if not key.startswith("scale")}
    weights = dict(zip(list(ours.state_dict())[:-1], state.values(), strict=False))
    ours.load_state_dict({**weights, "blocks.map_0-scale.scale": theirs.scale_weight.detach().view(-1, 1, 1)})
    atrous = Network(ours.layers[:-1]).eval()
    atrous.load_state_dict(weights)
    image = torch.randn(1, 3, 76, 76)
    with torch.no_grad():
        finest = theirs.features(image)
        scaled = theirs.scale_weight.view(1, -1, 1, 1) * nn.functional.normalize(finest)
        for made, expected in ((ours(image), scaled), (atrous(image), theirs.extra[0](finest))):
            assert expected.std() > 1e-3
            torch.testing.assert_close(made, expected, rtol=1e-3, atol=1e-3 * float(expected.std()))
