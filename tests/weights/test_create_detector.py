"""Detectors by name, with random weights and with those of a file."""

from pathlib import Path

import pytest
import torch

from mobilenets.errors import UsageError
from mobilenets.weights.create import create

PUBLISHED = "ssd_mobilenet_v1_0.75_300"


@pytest.fixture
def published(shared_data: Path) -> Path:
    return shared_data / "weights" / "ssd_mobilenet_v1_coco_quant_detect.tflite"


@torch.no_grad()
def test_random_weights_give_a_row_a_box() -> None:
    network = create("ssd_mobilenet_v1_0.04_64", classes=2, activation="relu").eval()
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 96, 3 + 4 + 4)
    assert {layer.activation for layer in network.layers if layer.norm} == {"relu"}
    assert network.layers[0].out_channels == 16
    assert create("ssd_mobilenet_v1_0.04_64", min_depth=24).layers[0].out_channels == 24


@torch.no_grad()
def test_a_files_weights(published: Path) -> None:
    network = create(PUBLISHED, pretrained=published).eval()
    image = torch.randn(1, 3, 300, 300, generator=torch.Generator().manual_seed(0))
    rows = network(image)
    assert rows.shape == (1, 1917, 91 + 8)
    other = create(PUBLISHED, classes=2, pretrained=published).eval()(image)
    assert other.shape == (1, 1917, 3 + 8)
    assert torch.equal(other[..., 3:], rows[..., 91:]), "only the scores are new"
    assert create("ssd_mobilenet_v1_0.75_224", pretrained=published).layers[-1].out_size == (1014, 1)


def test_what_is_not_there_is_refused(published: Path) -> None:
    for name, source, why in (
        ("ssd_mobilenet_v1_1.0_300", published, "holds a ssd_mobilenet_v1_0.75_300 and not a ssd_mobilenet_v1_1.0_300"),
        ("mobilenet_v1_0.75_224", published, "holds a ssd_mobilenet_v1_0.75_224 and not a mobilenet_v1_0.75_224"),
        (PUBLISHED, True, "cannot be had by name"),
        (PUBLISHED, published.parent / "vww_96_float.tflite", "holds a mobilenet_v1_0.25_300 and not"),
    ):
        with pytest.raises(UsageError, match=why) as caught:
            create(name, pretrained=source)
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="min-depth 8 with pretrained weights"):
        create(PUBLISHED, pretrained=published, min_depth=8)
