"""Modules that are looked at, and only meanwhile."""

import pytest
import torch
from torch import Tensor, nn

from mobilenets.network.watch import run_watched, watched


@pytest.fixture
def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def test_each_call_is_told_with_what_was_read_and_given(network: nn.Sequential) -> None:
    heard: list[tuple[str, Tensor, Tensor]] = []
    images = torch.randn(4, 2)
    run_watched(network, [images, -images], {"first": network[0], "last": network[2]}, lambda *one: heard.append(one))
    assert [name for name, _, _ in heard] == ["first", "last", "first", "last"]
    torch.testing.assert_close(heard[0][1], images)
    torch.testing.assert_close(heard[0][2], network[0](images))
    torch.testing.assert_close(heard[3][2], network(-images))
    assert not any(given.requires_grad or output.requires_grad for _, given, output in heard)


def test_nobody_looks_afterwards(network: nn.Sequential) -> None:
    heard: list[str] = []
    with pytest.raises(RuntimeError), watched({"first": network[0]}, lambda name, *_: heard.append(name)):
        network(torch.zeros(1, 2))
        network(torch.zeros(1, 5))
    network(torch.zeros(1, 2))
    assert heard == ["first"]
    assert not network[0]._forward_hooks
