"""Our weights in Hugging Face's layout: reading them back gives our bits, and transformers gives our logits."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from mobilenets.architecture import names
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.run import Architecture
from mobilenets.weights.fitting import Fitted, fit
from mobilenets.weights.read import read_weights
from mobilenets.weights.writers.hugging_face import write_hugging_face

Make = Callable[[Architecture], Fitted]


@pytest.fixture
def make(randomise: Callable[[nn.Module], nn.Module]) -> Make:
    def made(architecture: Architecture) -> Fitted:
        layers = names.network(
            architecture.name,
            classes=3,
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
            outputs=3,
            preprocessing=Preprocessing(resolution=224, interpolation="bicubic", mean=(0.1, 0.2, 0.3), squash=True),
            classes=("ant", "bee", "crane"),
            quantisation=None,
            assumed=(),
            notes=(),
        )

    return made


ARCHITECTURES = pytest.mark.parametrize(
    "architecture",
    [Architecture(width=0.5), Architecture(width=0.3, padding="symmetric", activation="relu", norm_epsilon=1e-5)],
    ids=["usual", "other"],
)


@ARCHITECTURES
def test_reading_back_gives_our_bits(architecture: Architecture, make: Make, tmp_path: Path) -> None:
    fitted = make(architecture)
    write_hugging_face(fitted, tmp_path)
    again = fit(read_weights(tmp_path / "model.safetensors"), where="again")
    assert again.state.keys() == fitted.state.keys()
    assert all(torch.equal(tensor, again.state[name]) for name, tensor in fitted.state.items())
    assert (again.architecture, again.preprocessing) == (fitted.architecture, fitted.preprocessing)
    assert (again.classes, again.notes) == (fitted.classes, ())


@ARCHITECTURES
def test_transformers_gives_our_logits(architecture: Architecture, make: Make, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    fitted = make(architecture)
    write_hugging_face(fitted, tmp_path)
    model = transformers.AutoModelForImageClassification.from_pretrained(tmp_path).eval()
    images = torch.randn(2, 3, 65, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = fitted.network().eval()(images)
        torch.testing.assert_close(model(images).logits, expected, rtol=0, atol=1e-5)
    assert expected.std() > 1e-3
    assert model.config.id2label == {0: "ant", 1: "bee", 2: "crane"}
    processor = transformers.AutoImageProcessor.from_pretrained(tmp_path)
    pixels = processor(torch.full((3, 100, 200), 255, dtype=torch.uint8), return_tensors="pt")["pixel_values"]
    assert pixels.shape == (1, 3, 224, 224)
    torch.testing.assert_close(pixels[0, :, 0, 0], torch.tensor([1.8, 1.6, 1.4]))


def test_a_body_alone_is_a_model_without_a_classifier(make: Make, tmp_path: Path) -> None:
    whole = make(Architecture(width=0.25))
    state = {name: tensor for name, tensor in whole.state.items() if "classifier" not in name}
    write_hugging_face(replace(whole, layers=whole.layers[:-1], state=state, outputs=0, classes=None), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["architectures"] == ["MobileNetV1Model"]
    again = fit(read_weights(tmp_path / "model.safetensors"), where="again")
    assert again.outputs == 0
    assert all(torch.equal(tensor, again.state[name]) for name, tensor in state.items())


@pytest.mark.parametrize(
    ("architecture", "problem"),
    [
        (Architecture(family="mobilenet_v1h"), "transformers has no mobilenet_v1h_1.0_224, only mobilenet_v1"),
        (Architecture(activation="leaky_relu"), "it cannot be written so"),
    ],
)
def test_what_transformers_cannot_be_is_told_and_nothing_is_written(
    architecture: Architecture, problem: str, make: Make, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=problem):
        write_hugging_face(make(architecture), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folded_weights_are_told(make: Make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="batch norm is folded"):
        write_hugging_face(replace(make(Architecture()), architecture=Architecture(norm=False)), tmp_path / "out")
