"""Networks by name."""

import pytest
import torch

from mobilenets.errors import UsageError
from mobilenets.network.blocks import Linear
from mobilenets.network.create import create


def _image(resolution: int) -> torch.Tensor:
    return torch.randn(2, 3, resolution, resolution, generator=torch.Generator().manual_seed(0))


def test_logits_for_each_class() -> None:
    network = create("mobilenet_v1_0.25_64", classes=37).eval()
    assert network(_image(64)).shape == (2, 37)


def test_the_published_number_of_classes() -> None:
    assert create("mobilenet_v1_0.25_32").layers[-1].out_channels == 1000
    assert create("facenet_nn2_64").layers[-1].out_channels == 128


@pytest.mark.parametrize(("name", "channels"), [("mobilenet_v1_0.25_64", 256), ("squeezenet_1.0_99", 512)])
def test_no_classes_gives_the_pooled_features(name: str, channels: int) -> None:
    network = create(name, classes=0).eval()
    image = _image(network.layers[0].in_size[0])
    made = network(image)
    assert made.shape == (2, channels)
    last = network.features(image)[32 if "mobile" in name else 16]
    torch.testing.assert_close(made, last.mean((-2, -1)), rtol=1e-5, atol=0)


@pytest.mark.parametrize(("resolution", "alike"), [(64, False), (65, True)])
def test_paddings_share_weights_and_differ_in_what_they_see(resolution: int, alike: bool) -> None:
    """At an odd size SAME pads one pixel on either side, as symmetric padding always does."""
    name = f"mobilenet_v1_0.25_{resolution}"
    same, symmetric = (create(name, classes=3, padding=padding).train() for padding in ("same", "symmetric"))  # type: ignore[arg-type]
    symmetric.load_state_dict(same.state_dict())
    image = torch.randn(8, 3, resolution, resolution, generator=torch.Generator().manual_seed(0))
    made, other = same(image), symmetric(image)
    assert torch.allclose(made, other, rtol=0, atol=1e-3) is alike


def test_its_settings_arrive() -> None:
    network = create("mobilenet_v1_0.25_32", classes=3, activation="relu", min_depth=24, dropout=0.25)
    assert {layer.activation for layer in network.layers if layer.op == "conv"} == {"relu"}
    assert network.layers[0].out_channels == 24
    classifier = network.blocks["classifier"]
    assert isinstance(classifier, Linear) and classifier.dropout.p == 0.25


def test_the_seed_decides() -> None:
    torch.manual_seed(3)
    first = create("mobilenet_v1_0.25_32", classes=3)
    torch.manual_seed(3)
    second = create("mobilenet_v1_0.25_32", classes=3)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    assert first.blocks["conv_0"].conv.weight.abs().max() <= 0.18  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("mobilnet_v1_1.0_224", {}, "did you mean mobilenet_v1"),
        ("mobilenet_v1_3.0_224", {}, r"width 3 is outside \(0, 2\]"),
        ("mobilenet_v1_1.0_16", {}, "resolution 16 is under 32"),
        ("mobilenet_v1_1.0_224", {"classes": -1}, "classes -1 is under 1"),
        ("mobilenet_v1_1.0_224", {"min_depth": 0}, "min-depth 0 is under 1"),
        ("mobilenet_v1_1.0_224", {"dropout": 1.0}, r"dropout 1 is outside \[0, 1\)"),
        ("vgg16_64", {"classes": 2}, "so use vgg16"),
    ],
)
def test_a_wrong_request_is_one_line(name: str, settings: dict[str, int], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        create(name, **settings)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
