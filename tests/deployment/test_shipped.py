"""The module that ships answers as the checkpoint does, from raw bytes on."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mobilenets.architecture import names
from mobilenets.architecture.detectors.names import detector
from mobilenets.architecture.layer import Activation
from mobilenets.checkpoint import read_description
from mobilenets.data.preprocess import scale
from mobilenets.deployment.shipped import Inputs, Shipped, Signature, fits_any_size
from mobilenets.network.graph import Network
from mobilenets.prediction.model import load_network, restore_task


def _network(folder: Path) -> Network:
    description = read_description(folder)
    network = load_network(description, restore_task(description, folder=folder), folder=folder)
    network.eval()
    return network


def _images(side: int, count: int = 2) -> torch.Tensor:
    shape = (count, side, side, 3)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("padding", "activation", "norm"),
    [("same", "relu6", True), ("symmetric", "leaky_relu", True), ("same", "leaky_relu", False)],
)
def test_bytes_in_the_same_answers_out(
    checkpoint: Callable[..., Path], padding: str, activation: Activation, norm: bool
) -> None:
    folder = checkpoint(padding=padding, activation=activation, norm=norm, resolution=37)
    network, shown = _network(folder), read_description(folder).preprocessing
    images = _images(37)
    floats = scale(images.permute(0, 3, 1, 2), shown)
    expected = network(floats).detach()
    assert expected.std(0).max() > 0.01  # it tells one image from another
    for made in (Shipped(network, shown)(images), Shipped(network, shown, inputs="float")(floats)):
        torch.testing.assert_close(made, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_it_is_a_copy_without_batch_norm_that_learns_nothing(classifier: Path) -> None:
    network = _network(classifier)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    shipped = Shipped(network, read_description(classifier).preprocessing)
    assert not shipped.training
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in shipped.modules())
    assert not any(parameter.requires_grad for parameter in shipped.parameters())
    assert not shipped(_images(32)).requires_grad
    for parameter in shipped.parameters():
        parameter.zero_()
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)
    assert any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("signature", "shape", "axes"),
    [
        (Signature("uint8", 32), ("batch", 32, 32, 3), {0: "batch"}),
        (Signature("uint8", 32, batch=1), (1, 32, 32, 3), {}),
        (Signature("uint8", 32, any_size=True), ("batch", "height", "width", 3), {0: "batch", 1: "height", 2: "width"}),
        (Signature("float", 32, any_size=True), ("batch", 3, "height", "width"), {0: "batch", 2: "height", 3: "width"}),
        (Signature("float", 96, batch=4), (4, 3, 96, 96), {}),
    ],
)
def test_what_a_file_takes(signature: Signature, shape: tuple[object, ...], axes: dict[int, str]) -> None:
    assert signature.shape == shape
    assert signature.axes == axes
    example = signature.example()
    assert example.dtype == (torch.uint8 if signature.inputs == "uint8" else torch.float32)
    fixed = [place for place, length in enumerate(shape) if isinstance(length, int)]
    assert all(example.shape[place] == shape[place] for place in fixed)


@pytest.mark.parametrize(
    ("name", "padding", "any_size"),
    [
        ("mobilenet_v1_0.25_32", "same", False),
        ("mobilenet_v1_0.25_32", "symmetric", True),
        ("shallow_mobilenet_v1_0.25_32", "symmetric", True),
        ("vgg16", None, False),
        ("alexnet", None, False),
    ],
)
def test_which_networks_take_any_size(name: str, padding: str | None, any_size: bool) -> None:
    layers = names.network(name, padding=padding)  # type: ignore[arg-type]
    assert fits_any_size(layers) is any_size


def test_a_detector_takes_the_size_that_its_default_boxes_are_for() -> None:
    assert not fits_any_size(detector("ssd_vgg16_300").layers)


@pytest.mark.parametrize("inputs", ["uint8", "float"])
def test_the_example_can_be_run(classifier: Path, inputs: Inputs) -> None:
    shipped = Shipped(_network(classifier), read_description(classifier).preprocessing, inputs=inputs)
    assert shipped(Signature(inputs, 32).example()).shape == (2, 5)
