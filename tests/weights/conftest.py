"""What the tests of readers and writers share: networks with weights that show every mistake, and damage to files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import strategies as st
from torch import nn

from mobilenets.architecture import names
from mobilenets.network.graph import Network
from mobilenets.weights.read import WeightFile

_NUMBERS = (0, 1, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1)


@pytest.fixture(scope="session")
def randomise() -> Callable[[nn.Module], nn.Module]:
    """`randomise(module)` gives every batch norm statistics of its own, so that none can be mistaken for another's."""

    def change(module: nn.Module) -> nn.Module:
        torch.manual_seed(0)
        for one in module.modules():
            if isinstance(one, nn.BatchNorm2d):
                nn.init.uniform_(one.weight, 0.8, 1.2)
                nn.init.normal_(one.bias, std=0.1)
                nn.init.normal_(one.running_mean, std=0.1)  # type: ignore[arg-type]
                nn.init.uniform_(one.running_var, 0.5, 1.5)  # type: ignore[arg-type]
        return module.eval()

    return change


@pytest.fixture(scope="session")
def small_network(randomise: Callable[[nn.Module], nn.Module]) -> Network:
    """Width .25 with five classes. Read only."""
    torch.manual_seed(1)
    network = Network(names.network("mobilenet_v1_0.25_32", classes=5))
    randomise(network)
    return network


@pytest.fixture(scope="session")
def in_memory() -> Callable[[bytes, str], WeightFile]:
    """`in_memory(content, name)` is a file of weights with nothing beside it."""
    return lambda content, name: WeightFile(Path("nowhere") / name, content)


@pytest.fixture(scope="session")
def damaged() -> Callable[[st.DataObject, bytes, int], bytes]:
    """`damaged(data, content, head)` cuts, flips, overwrites or splices, mostly in the first `head` bytes."""

    def damage(data: st.DataObject, content: bytes, head: int) -> bytes:
        place = st.integers(0, min(head, len(content)) - 1) | st.integers(0, len(content) - 1)
        kind = data.draw(st.sampled_from(["cut", "flip", "number", "splice", "without"]))
        at = data.draw(place)
        if kind == "cut":
            return content[:at]
        if kind == "without":
            return content[:at] + content[at + data.draw(st.integers(1, 300)) :]
        if kind == "number":
            size = data.draw(st.sampled_from([4, 8]))
            new = (data.draw(st.sampled_from(_NUMBERS)) % 2 ** (8 * size)).to_bytes(size, "little")
        elif kind == "splice":
            other = data.draw(place)
            new = content[other : other + data.draw(st.integers(1, 300))]
        else:
            new = data.draw(st.binary(min_size=1, max_size=8))
        return content[:at] + new + content[at + len(new) :]

    return damage
