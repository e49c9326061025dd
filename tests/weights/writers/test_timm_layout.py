"""Our weights in timm's layout: timm gives our logits, and reading them back gives our bits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import nn

from mobilenets.architecture import names
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.run import Architecture
from mobilenets.weights.fitting import Fitted, fit
from mobilenets.weights.read import read_weights
from mobilenets.weights.writers.timm_layout import write_timm

Make = Callable[..., Fitted]


@pytest.fixture
def make(randomise: Callable[[nn.Module], nn.Module]) -> Make:
    def made(architecture: Architecture, **seen: Any) -> Fitted:
        layers = names.network(
            architecture.name,
            classes=6,
            padding=architecture.padding,
            activation=architecture.activation,
            epsilon=architecture.norm_epsilon,
        )
        network = Network(layers)
        randomise(network)
        return Fitted(
            form="ours",
            architecture=architecture,
            layers=layers,
            state=network.state_dict(),
            outputs=6,
            preprocessing=Preprocessing(resolution=architecture.resolution, **seen),
            classes=tuple("abcdef"),
            quantisation=None,
            assumed=(),
            notes=(),
        )

    return made


ARCHITECTURES = [
    Architecture(resolution=192),
    Architecture(padding="symmetric", norm_epsilon=1e-5),
    Architecture(family="mobilenet_v1h", activation="relu"),
    Architecture(width=1.25),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda one: f"{one.name}-{one.padding}-{one.activation}")
def test_timm_gives_our_logits_and_reading_gives_our_bits(
    architecture: Architecture, make: Make, tmp_path: Path
) -> None:
    fitted = make(architecture, crop=0.8, squash=True, mean=(0.1, 0.2, 0.3))
    write_timm(fitted, tmp_path)
    model = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    images = torch.randn(2, 3, 65, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = fitted.network().eval()(images)
        torch.testing.assert_close(model(images), expected, rtol=0, atol=1e-5)
    assert expected.std() > 1e-3
    seen = timm.data.resolve_data_config(model=model)
    assert [*seen["input_size"]] == [3, architecture.resolution, architecture.resolution]
    assert (seen["crop_pct"], seen["crop_mode"], seen["interpolation"]) == (0.8, "squash", "bilinear")
    assert [*seen["mean"]] == [0.1, 0.2, 0.3]
    again = fit(read_weights(tmp_path / "model.safetensors"), where="again")
    assert again.state.keys() == fitted.state.keys()
    assert all(torch.equal(tensor, again.state[name]) for name, tensor in fitted.state.items())
    assert (again.architecture, again.preprocessing) == (fitted.architecture, fitted.preprocessing)
    assert (again.classes, again.notes) == (fitted.classes, ())


def test_a_body_alone_is_written_without_a_classifier(make: Make, tmp_path: Path) -> None:
    whole = make(Architecture())
    state = {name: tensor for name, tensor in whole.state.items() if "classifier" not in name}
    write_timm(replace(whole, layers=whole.layers[:-1], state=state, outputs=0, classes=None), tmp_path)
    model = timm.create_model(f"local-dir:{tmp_path}", pretrained=True)
    assert (model.num_classes, model.num_features) == (0, 1024)
    assert fit(read_weights(tmp_path / "model.safetensors"), where="again").outputs == 0


@pytest.mark.parametrize(
    ("architecture", "problem"),
    [
        (Architecture(width=0.5), "timm has no mobilenet_v1_0.5_224, only mobilenet_v1 at width 1, "),
        (Architecture(family="shallow_mobilenet_v1"), "timm has no shallow_mobilenet_v1_1.0_224"),
        (Architecture(activation="leaky_relu"), r"has leaky_relu with a slope of \.1, and timm's has \.01"),
    ],
)
def test_what_timm_cannot_be_is_told_and_nothing_is_written(
    architecture: Architecture, problem: str, make: Make, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=problem):
        write_timm(make(architecture), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folded_weights_are_told(make: Make, tmp_path: Path) -> None:
    folded = make(Architecture())
    with pytest.raises(UsageError, match=r"batch norm is folded into the weights of mobilenet_v1_1\.0_224"):
        write_timm(replace(folded, architecture=Architecture(norm=False)), tmp_path / "out")
    assert not (tmp_path / "out").exists()
