"""Faster R-CNN on its bodies: exact figures, and the two stages as they run."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.architecture.detectors.names import detector
from mobilenets.architecture.layer import IMAGE, Layer
from mobilenets.network.graph import Network

# Mult-adds at 300 and 600 pixels; params without batch norm, and with its scale and shift.
FIGURES = {
    "mobilenet_v1_1.0": (25_224_412_096, 30_493_700_224, 6_044_107, 6_062_923),
    "inception_v2": (118_217_148_256, 129_565_855_104, 13_297_379, 13_317_155),
    "vgg16": (64_304_090_112, 149_540_339_712, 138_505_035, 138_505_035),
}
BODIES = [*FIGURES, "mobilenet_v1_0.25"]


def _parts(name: str, *, classes: int = 90) -> tuple[Sequence[Layer], Layer, Sequence[Layer]]:
    """The layers before the proposals, the crop, the layers behind it but for the one that joins their answers."""
    layers = detector(name, classes=classes).layers
    place = [layer.name for layer in layers].index("crop")
    assert (layers[place - 1].name, layers[-1].name) == ("proposals", "boxes")
    return layers[: place - 1], layers[place], layers[place + 1 : -1]


@pytest.mark.parametrize("body", FIGURES)
def test_figures_to_the_unit(body: str) -> None:
    small, large = (cost(detector(f"frcnn_{body}_{resolution}").layers) for resolution in (300, 600))
    without = small.params - sum(2 * layer.out_channels for layer in detector(f"frcnn_{body}_300").layers if layer.norm)
    assert (small.mult_adds, large.mult_adds, without, small.params) == FIGURES[body]
    assert large.params == small.params


def test_a_proposal_costs_a_mobilenet_78_million() -> None:
    _, _, second = _parts("frcnn_mobilenet_v1_1.0_300")
    assert round(cost(second).mult_adds / 300 / 1e6, 1) == 78.2


@pytest.mark.parametrize(("resolution", "side"), [(300, 18), (600, 37)])
def test_vgg16_s_pools_round_down(resolution: int, side: int) -> None:
    first, crop, second = _parts(f"frcnn_vgg16_{resolution}")
    assert first[-1].out_size == crop.in_size == (side, side)
    assert [layer.name for layer in second] == ["pool5", "fc6", "fc7", "scores", "offsets"]
    assert second[0].out_size == (7, 7)


@pytest.mark.parametrize("body", BODIES)
def test_the_stages_are_the_body_s_in_its_order(body: str) -> None:
    first, crop, second = _parts(f"frcnn_{body}_600")
    trunk = names.body(f"{body}_600", min_depth=16)
    found = [layer.name for layer in (*first, *second) if not layer.name.startswith("rpn/")]
    shared = [layer.name for layer in trunk]
    assert found[: len(shared)] == shared
    assert crop.out_size == (14, 14) and crop.in_size == first[-3].in_size
    assert crop.inputs == (first[-4].name, "proposals")
    assert first[: len(first) - 3] == trunk[: len(first) - 3]


def test_the_outputs_of_both_stages_are_found_by_name() -> None:
    layers = {layer.name: layer for layer in detector("frcnn_mobilenet_v1_1.0_300", classes=3).layers}
    assert (layers["rpn/scores"].out_channels, layers["rpn/offsets"].out_channels) == (12 * 2, 12 * 4)
    assert (layers["scores"].out_channels, layers["offsets"].out_channels) == (4, 3 * 4)
    assert layers["scores"].inputs == layers["offsets"].inputs == ("pool",)
    (answers,) = detector("frcnn_mobilenet_v1_1.0_300", classes=3).predictors
    assert (answers.scores, answers.offsets) == (layers["scores"], layers["offsets"])
    assert layers["boxes"].inputs == ("scores", "offsets", "proposals")
    assert (layers["boxes"].out_size, layers["boxes"].out_channels) == ((300, 1), 4 + 3 * 4 + 4)


@pytest.mark.parametrize("resolution", [300, 600])
def test_anchors_are_as_large_in_pixels_whatever_the_image(resolution: int) -> None:
    layers = {layer.name: layer for layer in detector(f"frcnn_mobilenet_v1_1.0_{resolution}").layers}
    (grid,) = layers["proposals"].grids
    areas = {round((tall * wide) ** 0.5 * resolution) for tall, wide in grid.shapes}
    assert areas == {64, 128, 256, 512}
    assert {round(wide / tall, 6) for tall, wide in grid.shapes} == {0.5, 1.0, 2.0}


def test_a_fused_separable_has_one_norm() -> None:
    _, _, second = _parts("frcnn_mobilenet_v1_1.0_300")
    assert [(layer.norm, layer.activation) for layer in second[:4]] == 2 * [(False, None), (True, "relu6")]


@pytest.mark.parametrize(("resolution", "proposals"), [(32, 48), (64, 192), (80, 300), (300, 300)])
def test_there_are_no_more_proposals_than_anchors(resolution: int, proposals: int) -> None:
    found = detector(f"frcnn_mobilenet_v1_0.5_{resolution}")
    repeats = {layer.repeats for layer in _parts(f"frcnn_mobilenet_v1_0.5_{resolution}")[2]}
    assert repeats == {proposals} and found.boxes == proposals


@pytest.mark.parametrize("body", BODIES)
def test_each_stage_traced_is_planned(body: str) -> None:
    """The first on an image, the second on 300 crops."""
    first, crop, second = _parts(f"frcnn_{body}_300")
    crops = [replace(layer, inputs=tuple(name.replace("crop", IMAGE) for name in layer.inputs)) for layer in second]
    for layers, shape in ((first, (1, 3, 300, 300)), (crops, (300, crop.out_channels, *crop.out_size))):
        with torch.device("meta"):
            network = Network(layers).eval()
            given = torch.empty(*shape)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(given)
        assert counter.get_total_flops() == 2 * cost(layers).mult_adds
        assert sum(parameter.numel() for parameter in network.parameters()) == cost(layers).params
