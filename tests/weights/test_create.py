"""Networks by name, with random and with published weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants

from mobilenets.errors import UsageError
from mobilenets.network.blocks import Linear
from mobilenets.weights.create import create
from mobilenets.weights.registry import REGISTRY
from mobilenets.weights.source import fitted


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


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("MOBILENETS_CACHE", str(tmp_path))


@pytest.fixture
def official(shared_data: Path, offline: None) -> Path:
    """Keras's real file in the cache, where a file without its classifier stands for the whole."""
    return shared_data / "weights" / "keras_mobilenet_2_5_224_tf_no_top.h5"


def test_weights_of_a_file(hub_layout: Path) -> None:
    network = create("mobilenet_v1_0.25_32", pretrained=hub_layout).eval()
    weights = fitted(str(hub_layout))
    assert network(_image(32)).shape == (2, 10)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, weights.state[name])


def test_another_number_of_classes_has_a_random_head_on_the_published_body(hub_layout: Path) -> None:
    state = fitted(str(hub_layout)).state
    network = create("mobilenet_v1_0.25_32", classes=3, pretrained=str(hub_layout), dropout=0.5)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, state[name]) or name.startswith("blocks.classifier")
    head = network.blocks["classifier"]
    assert isinstance(head, Linear) and head.dropout.p == 0.5 and head.linear.weight.abs().max() > 0
    assert network.eval()(_image(32)).shape == (2, 3)


def test_no_classes_gives_the_published_features(hub_layout: Path) -> None:
    whole = create("mobilenet_v1_0.25_32", pretrained=hub_layout).eval()
    body = create("mobilenet_v1_0.25_32", classes=0, pretrained=hub_layout).eval()
    torch.testing.assert_close(body(_image(32)), whole.features(_image(32))[32].mean((-2, -1)), rtol=1e-5, atol=1e-6)


def test_the_resolution_is_free(hub_layout: Path) -> None:
    assert create("mobilenet_v1_0.25_64", pretrained=hub_layout).layers[0].in_size == (64, 64)


def test_the_official_ones(official: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("mobilenets.weights.source.fetch", lambda source, **_: asked.append(source) or official)
    network = create("mobilenet_v1_0.25_224", classes=5, pretrained=True)
    assert asked == [REGISTRY["mobilenet_v1_0.25_224"].source]
    kernel = network.state_dict()["blocks.conv_0.conv.weight"]
    assert torch.equal(kernel, fitted(str(official)).state["blocks.conv_0.conv.weight"])


def test_the_nearest_resolution_is_said(official: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenets.weights.source.fetch", lambda *_, **__: official)
    with pytest.warns(UserWarning, match=r"0\.25_96 has the weights of mobilenet_v1_0\.25_128, trained at 128") as said:
        network = create("mobilenet_v1_0.25_96", classes=5, pretrained=True)
    assert said[0].filename == __file__
    assert network.layers[0].in_size == (96, 96)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("mobilenet_v1_0.35_224", {}, r"there are some for width 0\.25, 0\.5, 0\.75, 1, 1\.25"),
        ("vgg16", {}, "no weights are published for vgg16"),
        ("mobilenet_v1_0.5_160", {"padding": "symmetric"}, "padding symmetric with .* they are for same"),
        ("mobilenet_v1_0.5_160", {"activation": "relu"}, "activation relu with .* they are for relu6"),
        ("mobilenet_v1_0.5_160", {"min_depth": 16}, "min-depth 16 with pretrained weights"),
        ("mobilenet_v1_0.5_160", {"pretrained": "owl"}, "'owl' is no file"),
        ("mobilnet", {}, "no network is called"),
    ],
)
def test_weights_that_are_not_there_are_one_line(
    name: str, settings: dict[str, Any], words: str, offline: None
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        create(name, **{"pretrained": True, **settings})
    assert "\n" not in str(caught.value)


def test_weights_of_another_width(hub_layout: Path) -> None:
    with pytest.raises(UsageError, match=r"holds a mobilenet_v1_0\.25_64 and not a mobilenet_v1_0\.5_64"):
        create("mobilenet_v1_0.5_64", pretrained=hub_layout)


def test_a_number_of_classes_under_one(hub_layout: Path) -> None:
    with pytest.raises(UsageError, match="classes -1 is under 1"):
        create("mobilenet_v1_0.25_32", classes=-1, pretrained=hub_layout)
