"""The layer that joins what all predictors say."""

import torch

from mobilenets.architecture.detectors.names import detector
from mobilenets.maths.boxes import default_boxes
from mobilenets.network.blocks import ConvNorm
from mobilenets.network.boxes import Boxes, boxes_module
from mobilenets.network.graph import Network


def _network() -> Network:
    torch.manual_seed(0)
    return Network(detector("ssd_mobilenet_v1_0.25_128", classes=3).layers).eval()


def test_a_row_is_a_box_with_its_own_scores_and_offsets() -> None:
    """Place (2, 1) of the finest map, 8 places wide with 3 shapes: its second shape is row (2 * 8 + 1) * 3 + 1."""
    network, image = _network(), torch.randn(2, 3, 128, 128)
    with torch.no_grad():
        rows = network(image)
        tap = Network(network.layers[: [one.name for one in network.layers].index("separable_11/pointwise") + 1])
        tap.eval().load_state_dict(network.state_dict(), strict=False)
        finest = tap(image)
        scores, offsets = (network.blocks[f"map_0-{name}"](finest) for name in ("scores", "offsets"))
    row = rows[:, (2 * 8 + 1) * 3 + 1]
    assert rows.shape == (2, detector("ssd_mobilenet_v1_0.25_128").boxes, 4 + 4 + 4)
    torch.testing.assert_close(row[:, :4], scores[:, 4:8, 2, 1])
    torch.testing.assert_close(row[:, 4:8], offsets[:, 4:8, 2, 1])


def test_default_boxes_are_no_weights_and_stand_in_every_row() -> None:
    network = _network()
    assert not any("defaults" in name for name in network.state_dict())
    grids = [one.grid for one in detector("ssd_mobilenet_v1_0.25_128").predictors]
    with torch.no_grad():
        rows = network(torch.randn(2, 3, 128, 128))
    assert (rows[..., -4:] == default_boxes(grids)).all()


def test_rows_keep_their_precision_where_the_network_computes_in_less() -> None:
    network = _network()
    joined = network.blocks["boxes"]
    assert isinstance(joined, Boxes)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        rows = network(torch.randn(1, 3, 128, 128))
    assert rows.dtype == torch.float32
    assert (rows[0, :, -4:] == joined.defaults).all()


def test_predictors_are_plain_convolutions() -> None:
    found = [module for name, module in _network().blocks.items() if name.endswith(("-scores", "-offsets"))]
    assert len(found) == 12
    assert all(isinstance(one, ConvNorm) and one.conv.bias is not None for one in found)


def test_a_row_over_proposals_is_that_of_its_crop() -> None:
    layer = detector("frcnn_mobilenet_v1_0.25_64", classes=3).layers[-1]
    scores, offsets, proposals = torch.randn(2 * 5, 4), torch.randn(2 * 5, 12), torch.rand(2, 5, 4)
    rows = boxes_module(layer)(scores, offsets, proposals)
    assert rows.shape == (2, 5, layer.out_channels)
    assert torch.equal(rows[1, 2], torch.cat([scores[7], offsets[7], proposals[1, 2]]))
