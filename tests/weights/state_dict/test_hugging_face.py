"""Hugging Face's files: laid out by hand as transformers does, and against transformers where it is installed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.weights.fitting import fit
from mobilenets.weights.read import read_weights

Randomise = Callable[[nn.Module], nn.Module]
_CONFIG: dict[str, Any] = {"model_type": "mobilenet_v1", "depth_multiplier": 0.25, "image_size": 128}


def _write(folder: Path, network: Network, config: dict[str, Any] | None, *, body: str = "mobilenet_v1.") -> Path:
    """The network under transformers' names: `layer.0` is the first depthwise convolution, `layer.1` its pointwise."""
    state = network.state_dict()
    tensors, place = {}, -1
    for name in state:
        if not name.endswith("conv.weight"):
            continue
        path = f"{body}conv_stem" if place < 0 else f"{body}layer.{place}"
        place += 1
        tensors[f"{path}.convolution.weight"] = state[name]
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{path}.normalization.{part}"] = state[name.replace("conv.weight", f"norm.{part}")]
    if body:
        for part in ("weight", "bias"):
            tensors[f"classifier.{part}"] = state[f"blocks.classifier.linear.{part}"]
    save_file(tensors, folder / "model.safetensors")
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder / "model.safetensors"


def test_names_and_config_give_the_network(small_network: Network, tmp_path: Path) -> None:
    labels = {"id2label": {str(place): name for place, name in enumerate("abcde")}}
    path = _write(tmp_path, small_network, _CONFIG | labels | {"tf_padding": False, "hidden_act": "relu"})
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps(
            {"image_mean": [0.1, 0.2, 0.3], "size": {"shortest_edge": 160}, "crop_size": {"height": 128, "width": 128}}
        )
    )
    fitted = fit(read_weights(path), where="a")
    assert all(torch.equal(tensor, fitted.state[name]) for name, tensor in small_network.state_dict().items())
    assert (fitted.architecture.padding, fitted.architecture.activation) == ("symmetric", "relu")
    assert (fitted.architecture.norm_epsilon, fitted.architecture.resolution) == (1e-3, 128)
    assert (fitted.preprocessing.mean, fitted.preprocessing.crop) == ((0.1, 0.2, 0.3), 0.8)
    assert (fitted.classes, fitted.notes) == (("a", "b", "c", "d", "e"), ())


def test_the_body_alone(small_network: Network, tmp_path: Path) -> None:
    fitted = fit(read_weights(_write(tmp_path, small_network, _CONFIG, body="")), where="a")
    assert fitted.outputs == 0


def test_what_stands_nowhere_is_transformers_own_and_said(small_network: Network, tmp_path: Path) -> None:
    found = read_weights(_write(tmp_path, small_network, None))
    assert (found.padding, found.activation, found.resolution, found.crop) == ("same", "relu6", 224, 0.875)
    assert any("no config.json stands beside" in note for note in found.notes)


@pytest.mark.parametrize(
    "labels",
    [{str(place): f"LABEL_{place}" for place in range(5)}, {"0": "a"}, {str(place): place for place in range(5)}],
)
def test_labels_that_say_nothing_are_no_classes(labels: dict[str, Any], small_network: Network, tmp_path: Path) -> None:
    assert read_weights(_write(tmp_path, small_network, _CONFIG | {"id2label": labels})).classes is None


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"hidden_act": "leaky_relu"}, "hidden_act is 'leaky_relu' and not one of"),
        ({"tf_padding": "yes"}, "tf_padding is 'yes' and not true or false"),
        ({"layer_norm_eps": 0}, "layer_norm_eps is '0' and not a number"),
        ({"image_size": [224, 192]}, "image_size is .* and not a square"),
        ({"id2label": []}, "id2label is .* and not an object"),
    ],
)
def test_a_config_that_is_none_of_our_networks_is_told_in_a_line(
    config: dict[str, Any], problem: str, small_network: Network, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=problem):
        read_weights(_write(tmp_path, small_network, config))


def test_a_cut_larger_than_the_photograph_is_told(small_network: Network, tmp_path: Path) -> None:
    path = _write(tmp_path, small_network, _CONFIG)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"size": {"shortest_edge": 100}}))
    with pytest.raises(UsageError, match=r"preprocessor_config\.json: crop_size / size is '2\.24'"):
        read_weights(path)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"depth_multiplier": 0.75, "tf_padding": False, "hidden_act": "relu", "layer_norm_eps": 1e-5, "image_size": 96},
    ],
    ids=["own", "other"],
)
def test_transformers_file_gives_transformers_logits(
    options: dict[str, Any], randomise: Randomise, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.MobileNetV1Config(num_labels=11, **options)
    model = randomise(transformers.MobileNetV1ForImageClassification(config))
    model.save_pretrained(tmp_path)
    fitted = fit(read_weights(tmp_path / "model.safetensors"), where="a")
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = model(images).logits
        torch.testing.assert_close(fitted.network().eval()(images), expected, rtol=0, atol=1e-5)
    assert expected.std() > 1e-3
    assert fitted.architecture.resolution == options.get("image_size", 224)
