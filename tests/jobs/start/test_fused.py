"""Weights of separable layers in a network that has them fused."""

import pytest
import torch
from torch import nn

from mobilenets.architecture.layer import IMAGE
from mobilenets.architecture.rows import Separable
from mobilenets.architecture.style import Style, Tap, lay
from mobilenets.jobs.start.fused import fused, fused_layers
from mobilenets.network.graph import Network

LAYER = "blocks.halves"


def _network(*, halves: bool, norm: bool) -> Network:
    row = Separable(6, stride=2, fused=halves, name="halves")
    return Network(lay([row], Tap(IMAGE, 4, (9, 9)), Style(min_depth=1, norm=norm))).eval()


@pytest.mark.parametrize("norm", [True, False])
def test_the_function_is_the_same_but_for_the_activation(norm: bool) -> None:
    torch.manual_seed(0)
    apart, one = _network(halves=False, norm=norm), _network(halves=True, norm=norm)
    for module in apart.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            for tensor in (module.running_mean, module.weight, module.bias):
                nn.init.normal_(tensor)
    layers = fused_layers(apart.state_dict(), one.state_dict())
    assert layers == [LAYER]
    state = fused(apart.state_dict(), layers, epsilon=1e-3)
    one.load_state_dict({name: state[name] for name in one.state_dict()})
    apart.get_submodule(LAYER).depthwise.activation = nn.Identity()  # type: ignore[assignment, union-attr]
    images = torch.randn(2, 4, 9, 9)
    with torch.no_grad():
        torch.testing.assert_close(one(images), apart(images))


def test_a_network_that_has_all_there_is_takes_the_weights_as_they_are() -> None:
    state = _network(halves=False, norm=True).state_dict()
    assert fused_layers(state, state) == []
