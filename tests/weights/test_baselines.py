"""torchvision's weights in our networks: the same logits, whatever order the file has its tensors in."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from safetensors.torch import save
from torch import nn
from torchvision import models

from mobilenets.errors import UsageError
from mobilenets.weights.baselines import TORCHVISION, fit_baseline
from mobilenets.weights.formats import pytorch, safetensors
from mobilenets.weights.found import Array
from mobilenets.weights.read import WeightFile

SIDES = {"alexnet_one_column": 224, "vgg16": 224, "googlenet_3x3": 100, "squeezenet_1.0": 100, "inception_v3": 139}


def _theirs(name: str, **options: Any) -> nn.Module:
    if name in ("googlenet_3x3", "inception_v3"):
        options["init_weights"] = False
    return models.get_model_builder(TORCHVISION[name])(weights=None, num_classes=9, **options)  # type: ignore[no-any-return]


def _livelier(name: str, randomise: Callable[[nn.Module], nn.Module]) -> nn.Module:
    """Weights under which each layer keeps the scale of its input, so that an early mistake is seen at the end."""
    with torch.device("meta"):
        model = _theirs(name)
    model.to_empty(device="cpu")
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_uniform_(module.weight)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)
    return randomise(model)


def _tensors(state: dict[str, torch.Tensor], in_memory: Callable[[bytes, str], WeightFile]) -> dict[str, Array]:
    stream = io.BytesIO()
    torch.save(state, stream)
    return pytorch.tensors(in_memory(stream.getvalue(), "a.pth"))


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision_s_weights_give_torchvision_s_logits(
    name: str, randomise: Callable[[nn.Module], nn.Module]
) -> None:
    theirs = _livelier(name, randomise)
    tensors = {key: tensor.numpy() for key, tensor in theirs.state_dict().items()}
    fitted = fit_baseline(name, tensors, where="a.pth")
    images = torch.randn(1, 3, SIDES[name], SIDES[name], generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = theirs(images)
        made = fitted.network().eval()(images)
    assert expected.std() > 0.01
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-4 * float(expected.std()))
    side_heads = name in ("googlenet_3x3", "inception_v3")
    assert [note.partition(" ")[2] for note in fitted.notes] == side_heads * [
        "tensors of the side heads, which only training uses, are left out"
    ]
    assert fitted.preprocessing.std == ((0.5,) * 3 if side_heads else (0.229, 0.224, 0.225))


def test_a_file_in_another_order_gives_the_same(in_memory: Callable[[bytes, str], WeightFile]) -> None:
    state = _theirs("squeezenet_1.0").state_dict()
    ordered = fit_baseline("squeezenet_1.0", _tensors(state, in_memory), where="a.pth")
    tensors = safetensors.tensors(in_memory(save(state), "a.safetensors"))
    assert [*tensors] != [*state]
    by_name = fit_baseline("squeezenet_1.0", tensors, where="a.safetensors")
    assert all(torch.equal(tensor, by_name.state[name]) for name, tensor in ordered.state.items())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda state: state.pop("features.3.squeeze.weight"), r"a\.pth has no tensor features\.3\.squeeze\.weight"),
        (lambda state: state.update({"extra": torch.zeros(2)}), r"a\.pth: extra \(2\) is neither kernel"),
        (lambda state: state.update({"features.0.weight": torch.zeros(96, 3, 3, 3)}), "it is another network"),
    ],
)
def test_what_does_not_fit_is_told_in_a_line(
    change: Callable[[dict[str, torch.Tensor]], Any], problem: str, in_memory: Callable[[bytes, str], WeightFile]
) -> None:
    state = dict(_theirs("squeezenet_1.0").state_dict())
    change(state)
    with pytest.raises(UsageError, match=problem):
        fit_baseline("squeezenet_1.0", _tensors(state, in_memory), where="a.pth")


def test_networks_that_torchvision_has_not_are_told() -> None:
    with pytest.raises(UsageError, match="no weights of the layout of 'alexnet': use one of alexnet_one_column, vgg16"):
        fit_baseline("alexnet", {}, where="a.pth")
