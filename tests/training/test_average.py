"""The moving average against its formula."""

import numpy as np
import pytest
import torch
from torch import nn

from mobilenets.architecture import names
from mobilenets.network.graph import Network
from mobilenets.training.average import Average


def _network() -> Network:
    torch.manual_seed(0)
    return Network(names.network("mobilenet_v1_0.25_32", classes=3)).train()


def _step(network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Weights move and so do batch norm's statistics."""
    network(torch.randn(4, 3, 32, 32)).square().mean().backward()
    optimiser.step()
    optimiser.zero_grad()


@pytest.mark.parametrize("decay", [0.9, 0.3, 0.0])
def test_every_float_moves_by_the_rest_of_the_decay(decay: float) -> None:
    network = _network()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.5)
    average = Average(network)
    expected = {name: tensor.double().numpy().copy() for name, tensor in network.state_dict().items()}
    for _ in range(3):
        _step(network, optimiser)
        average.update(decay=decay)
        for name, tensor in network.state_dict().items():
            expected[name] = decay * expected[name] + (1 - decay) * tensor.double().numpy()
    for name, tensor in average.network.state_dict().items():
        if tensor.is_floating_point():
            np.testing.assert_allclose(tensor.numpy(), expected[name], rtol=1e-4, atol=1e-6, err_msg=name)
        else:
            assert tensor == 3, name


def test_without_decay_it_is_the_network_itself() -> None:
    network = _network()
    average = Average(network)
    _step(network, torch.optim.SGD(network.parameters(), lr=0.5))
    average.update(decay=0.0)
    for name, tensor in average.network.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name]), name


def test_it_neither_learns_nor_drops_nor_disturbs() -> None:
    network = _network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    average = Average(network)
    assert not average.network.training and network.training
    assert not any(parameter.requires_grad for parameter in average.network.parameters())
    assert all(parameter.requires_grad for parameter in network.parameters())
    average.update(decay=0.9)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    for mine, theirs in zip(average.network.parameters(), network.parameters(), strict=True):
        assert mine.data_ptr() != theirs.data_ptr()


def test_it_follows_a_network_whose_weights_were_restored() -> None:
    """A resumed run loads into the network after the average was made."""
    network, other = _network(), _network()
    for parameter in other.parameters():
        nn.init.constant_(parameter, 3.0)
    average = Average(network)
    network.load_state_dict(other.state_dict())
    average.update(decay=0.0)
    assert all((parameter == 3.0).all() for parameter in average.network.parameters())


def test_it_follows_a_network_whose_batch_norm_spans_processes() -> None:
    """Many processes convert the network after the average was made; both hold the same tensors."""
    network = _network()
    average = Average(network)
    learning = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    for tensor in learning.state_dict().values():
        tensor.fill_(2)
    average.update(decay=0.0)
    assert all((tensor == 2).all() for tensor in average.network.state_dict().values())
