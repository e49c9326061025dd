"""Folded equals unfolded."""

import copy

import pytest
import torch
from torch import nn

from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.weights.create import create


def _trained(name: str) -> Network:
    """A network whose batch norms have moved as training moves them, each by its own."""
    torch.manual_seed(0)
    network = create(name, classes=5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.002, 2.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    return network.eval()


@pytest.mark.parametrize(
    "name", ["mobilenet_v1_0.5_64", "mobilenet_v1_1.0_33", "conv_mobilenet_v1_0.25_32", "inception_v2_64"]
)
def test_folded_equals_unfolded(name: str) -> None:
    network = _trained(name)
    folded = fold(network)
    image = torch.randn(2, 3, *network.layers[0].in_size)
    with torch.no_grad():
        expected, made = network(image), folded(image)
    assert expected.std() > 0.01
    torch.testing.assert_close(made, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_no_batch_norm_is_left_and_every_convolution_has_a_bias() -> None:
    folded = fold(_trained("mobilenet_v1_0.25_32"))
    assert not [module for module in folded.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    assert all(module.bias is not None for module in folded.modules() if isinstance(module, nn.Conv2d))


def test_the_original_is_untouched() -> None:
    network = _trained("mobilenet_v1_0.25_32")
    before = copy.deepcopy(network.state_dict())
    folded = fold(network)
    with torch.no_grad():
        for parameter in folded.parameters():
            parameter.zero_()
    assert network.state_dict().keys() == before.keys()
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_batch_norm_over_many_processes_folds_too() -> None:
    network = _trained("mobilenet_v1_0.25_32")
    image = torch.randn(1, 3, 32, 32)
    expected = network(image).detach()
    folded = fold(nn.SyncBatchNorm.convert_sync_batchnorm(network))
    assert not [module for module in folded.modules() if isinstance(module, nn.SyncBatchNorm)]
    torch.testing.assert_close(folded(image), expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_a_network_without_batch_norm_stays_as_it_is() -> None:
    torch.manual_seed(0)
    network = create("squeezenet_1.0_99", classes=2).eval()
    image = torch.randn(1, 3, 99, 99)
    assert torch.equal(fold(network)(image), network(image))


def test_a_network_in_training_is_refused() -> None:
    with pytest.raises(ValueError, match=r"call eval\(\) first"):
        fold(_trained("mobilenet_v1_0.25_32").train())
