"""timm's files, written by timm, against timm's own logits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from mobilenets.architecture.cost import cost
from mobilenets.architecture.names import network
from mobilenets.errors import UsageError
from mobilenets.network.trace import count
from mobilenets.weights.fitting import fit
from mobilenets.weights.read import read_weights

Randomise = Callable[[nn.Module], nn.Module]


def _saved(folder: Path, name: str, randomise: Randomise, **options: Any) -> nn.Module:
    model = randomise(timm.create_model(name, num_classes=7, **options))
    timm.models.save_for_hf(model, folder, safe_serialization=True)
    return model


@pytest.mark.parametrize("name", ["mobilenetv1_100", "mobilenetv1_100h", "mobilenetv1_125"])
@pytest.mark.parametrize("options", [{}, {"pad_type": "same", "bn_eps": 1e-3, "act_layer": "relu"}], ids=["own", "tf"])
def test_timm_s_file_gives_timm_s_logits(
    name: str, options: dict[str, Any], randomise: Randomise, tmp_path: Path
) -> None:
    model = _saved(tmp_path, name, randomise, **options)
    fitted = fit(read_weights(tmp_path / "model.safetensors"), where=name)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = model(images)
        torch.testing.assert_close(fitted.network().eval()(images), expected, rtol=0, atol=1e-5)
    assert expected.std() > 1e-3
    assert fitted.notes == ()
    assert fitted.architecture.padding == ("same" if options else "symmetric")
    assert fitted.architecture.norm_epsilon == (1e-3 if options else 1e-5)
    assert fitted.preprocessing.interpolation == "bicubic"
    assert fitted.preprocessing.crop == (0.9 if name.endswith("125") else 0.875)


def test_without_a_config_timm_s_own_is_taken_and_said(randomise: Randomise, tmp_path: Path) -> None:
    _saved(tmp_path, "mobilenetv1_100", randomise)
    (tmp_path / "config.json").unlink()
    found = read_weights(tmp_path / "model.safetensors")
    assert (found.padding, found.activation, found.resolution) == ("symmetric", "relu6", 224)
    assert any("no config.json stands beside" in note for note in found.notes)


def test_names_of_the_classes(randomise: Randomise, tmp_path: Path) -> None:
    model = randomise(timm.create_model("mobilenetv1_100", num_classes=2))
    config = {"label_names": ["ant", "bee"]}
    timm.models.save_for_hf(model, tmp_path, model_config=config, safe_serialization=True)
    assert read_weights(tmp_path / "model.safetensors").classes == ("ant", "bee")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"model_args": {"act_layer": "leaky_relu"}}, "act_layer is 'leaky_relu' and not one of 'relu6', 'relu'"),
        ({"model_args": {"pad_type": "valid"}}, "pad_type is 'valid'"),
        ({"model_args": {"bn_eps": -1}}, "bn_eps is '-1' and not a number"),
        ({"model_args": []}, "model_args is .* and not an object"),
        ({"pretrained_cfg": {"input_size": [3, 224, 192]}}, "input_size is .* and not a square"),
        ({"pretrained_cfg": {"std": [1, 1, 0]}}, "std is .* and not three numbers over 0"),
        ({"pretrained_cfg": {"crop_pct": 7}}, "crop_pct is '7'"),
    ],
)
def test_a_config_that_is_none_of_our_networks_is_told_in_a_line(
    change: dict[str, Any], problem: str, randomise: Randomise, tmp_path: Path
) -> None:
    _saved(tmp_path, "mobilenetv1_100", randomise)
    (tmp_path / "config.json").write_text(json.dumps(change))
    with pytest.raises(UsageError, match=problem) as caught:
        read_weights(tmp_path / "model.safetensors")
    assert "config.json" in str(caught.value)


@pytest.mark.parametrize("name", ["mobilenetv3_small_050", "efficientnet_lite0", "mobilenetv4_conv_small_035"])
def test_another_network_of_timm_is_told_in_a_line(name: str, tmp_path: Path) -> None:
    timm.models.save_for_hf(timm.create_model(name), tmp_path, safe_serialization=True)
    with pytest.raises(UsageError) as caught:
        fit(read_weights(tmp_path / "model.safetensors"), where="model.safetensors")
    assert "model.safetensors" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_tensor_missing_or_left_over_is_named(randomise: Randomise, tmp_path: Path) -> None:
    _saved(tmp_path, "mobilenetv1_100", randomise)
    tensors = load_file(tmp_path / "model.safetensors")
    variance = tensors.pop("blocks.2.1.bn2.running_var")
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(UsageError, match=r"has no tensor blocks\.2\.1\.bn2\.running_var"):
        read_weights(tmp_path / "model.safetensors")
    more = {"blocks.2.1.bn2.running_var": variance, "blocks.2.1.se.conv_reduce.weight": torch.zeros(8, 8, 1, 1)}
    save_file(tensors | more, tmp_path / "model.safetensors")
    with pytest.raises(UsageError, match=r"blocks\.2\.1\.se\.conv_reduce\.weight .* is neither kernel nor bias"):
        read_weights(tmp_path / "model.safetensors")


@pytest.mark.parametrize("name", ["mobilenetv1_100", "mobilenetv1_100h", "mobilenetv1_125"])
def test_our_cost_is_that_of_timm_s_network(name: str) -> None:
    ours = {"mobilenetv1_100h": "mobilenet_v1h_1.0_224", "mobilenetv1_125": "mobilenet_v1_1.25_224"}
    counted = cost(network(ours.get(name, "mobilenet_v1_1.0_224")))
    traced = count(timm.create_model(name).eval())
    assert (counted.mult_adds, counted.params) == (traced.mult_adds, traced.params)
