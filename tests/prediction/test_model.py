"""A checkpoint ready to answer."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from torchvision.transforms import v2

from mobilenets.architecture.cost import cost
from mobilenets.checkpoint import MODEL, RUN, read_description, read_tensors, write_tensors
from mobilenets.data.imagenet_names import names
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.errors import UsageError
from mobilenets.prediction.model import choose_device, load, load_network, restore_task
from mobilenets.tasks.classify import Classify

CPU = torch.device("cpu")
TIMM = "timm:test_resnet.r160_in1k"


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A checkpoint that may be spoilt."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def _images(count: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_a_loaded_model_is_the_trained_network_folded(tiny_model: Path) -> None:
    model = load(tiny_model, device=CPU)
    description = read_description(tiny_model)
    network = load_network(description, model.task, folder=tiny_model).eval()
    with torch.no_grad():
        expected = network(scale(_images(3), description.preprocessing))
    torch.testing.assert_close(model(_images(3)), expected, rtol=1e-3, atol=1e-4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.network.modules())


def test_a_model_learns_nothing(tiny_model: Path) -> None:
    outputs = load(tiny_model, device=CPU)(_images(2))
    assert outputs.shape == (2, 3)
    assert not outputs.requires_grad


def test_the_plan_is_what_the_weights_fill(tiny_model: Path) -> None:
    description = read_description(tiny_model)
    layers = restore_task(description, folder=tiny_model).layers(description.architecture)
    network = load(tiny_model, device=CPU)
    assert cost(layers).params == 213_843
    assert layers[-1].out_channels == 3
    assert network.preprocessing.resolution == 32


def test_weights_of_another_network(folder: Path) -> None:
    text = (folder / RUN).read_text()
    (folder / RUN).write_text(text.replace('"width": 0.25', '"width": 0.5', 1))
    with pytest.raises(UsageError, match=r"has the shape .* instead of .*take both from one copy"):
        load(folder, device=CPU)


def test_weights_that_are_cut_short(folder: Path) -> None:
    (folder / MODEL).write_bytes((folder / MODEL).read_bytes()[:5000])
    with pytest.raises(UsageError, match="is damaged"):
        load(folder, device=CPU)


def test_weights_that_lack_a_tensor(folder: Path) -> None:
    tensors = read_tensors(folder / MODEL).tensors
    tensors.popitem()
    write_tensors(folder / MODEL, tensors, {})
    with pytest.raises(UsageError, match="has no tensor"):
        load(folder, device=CPU)


@pytest.mark.parametrize("state", ['{"classes": []}', "{}", '{"classes": [1, 2]}', '{"classes": "owl"}'])
def test_a_task_that_is_not_whole(folder: Path, state: str) -> None:
    text = (folder / RUN).read_text()
    start = text.index('"task_state"')
    end = text.index("}", start) + 1
    (folder / RUN).write_text(f'{text[:start]}"task_state": {state}{text[end:]}')
    with pytest.raises(UsageError, match=r"model: the checkpoint is of a classifier and lists no classes"):
        load(folder, device=CPU)


def test_another_resolution_is_the_same_weights_with_its_own_padding(tiny_model: Path) -> None:
    """33 pixels are padded on both sides where 32 are on one."""
    model = load(tiny_model, device=CPU, resolution=33)
    assert model.preprocessing.resolution == 33
    description = read_description(tiny_model)
    wider = replace(description, architecture=replace(description.architecture, resolution=33))
    network = load_network(wider, model.task, folder=tiny_model).eval()
    images = torch.randint(0, 256, (2, 3, 33, 33), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network(scale(images, model.preprocessing))
    torch.testing.assert_close(model(images), expected, rtol=1e-3, atol=1e-4)
    with pytest.raises(UsageError, match="resolution 16 is under 32"):
        load(tiny_model, device=CPU, resolution=16)


def test_a_network_of_another_library_is_a_model() -> None:
    """Its logits are the library's own on the same pixels, and its classes ImageNet's."""
    model = load(TIMM, device=CPU, weights="none")
    pixels = torch.randint(0, 256, (2, 3, 160, 160), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    config = timm.data.resolve_data_config({}, model=model.network)
    with torch.no_grad():
        expected = model.network(v2.Normalize(config["mean"], config["std"])(pixels / 255))
    torch.testing.assert_close(model(pixels), expected, rtol=1e-4, atol=1e-5)
    assert isinstance(model.task, Classify)
    assert model.task.classes == names()
    assert model.preprocessing == Preprocessing(resolution=160, crop=0.95)
    assert model.notes == (f"{TIMM} has random weights (seed 0)",)


def test_classes_of_another_library_that_are_not_the_1000() -> None:
    model = load("timm:vit_tiny_patch16_224.augreg_in21k", device=CPU, weights="none")
    assert isinstance(model.task, Classify)
    assert "n01440764" in model.task.classes
    name = "timm:vit_tiny_patch16_224.augreg_in21k"
    assert model.notes[-1] == f"the 21,843 classes of {name} are called by their wnids"


def test_weights_are_for_other_libraries(tiny_model: Path) -> None:
    with pytest.raises(UsageError, match="--weights none is for timm:NAME and torchvision:NAME: the checkpoint"):
        load(tiny_model, device=CPU, weights="none")


def test_the_device_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [choose_device(asked).type for asked in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [choose_device(asked).type for asked in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(UsageError, match="no GPU that torch can use; use --device cpu"):
        choose_device("cuda")
    with pytest.raises(UsageError, match="device 'mps' is unknown: use one of auto, cpu, cuda"):
        choose_device("mps")
