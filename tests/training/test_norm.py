"""Batch norm over processes: the tensors stay the network's own. (What two processes compute: jobs/train/test_many.)"""

import torch
from torch import nn

from mobilenets.training.norm import SharedBatchNorm, synchronised
from mobilenets.weights.create import create


def _norms(network: nn.Module) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def test_one_process_keeps_its_network() -> None:
    network = create("mobilenet_v1_0.25_32", classes=3)
    assert synchronised(network, world=1) is network
    assert all(type(norm) is nn.BatchNorm2d for norm in _norms(network))


def test_every_batch_norm_is_shared_and_no_tensor_is_new() -> None:
    network = create("mobilenet_v1_0.25_32", classes=3)
    before = {name: tensor.data_ptr() for name, tensor in network.state_dict().items()}
    parameters = list(network.parameters())
    shared = synchronised(network, world=2)
    assert len(_norms(shared)) == 27
    assert all(type(norm) is SharedBatchNorm for norm in _norms(shared))
    assert {name: tensor.data_ptr() for name, tensor in shared.state_dict().items()} == before
    assert all(one is other for one, other in zip(shared.parameters(), parameters, strict=True))


def test_settings_are_kept() -> None:
    norm = nn.BatchNorm2d(3, eps=0.25, momentum=0.5).eval()
    shared = SharedBatchNorm.like(norm)
    assert (shared.eps, shared.momentum, shared.training) == (0.25, 0.5, False)


def test_in_evaluation_it_is_plain_batch_norm() -> None:
    norm = nn.BatchNorm2d(3)
    norm.running_mean = torch.tensor([1.0, 2.0, 3.0])
    norm.running_var = torch.tensor([4.0, 5.0, 6.0])
    norm.eval()
    images = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(SharedBatchNorm.like(norm)(images), norm(images))
