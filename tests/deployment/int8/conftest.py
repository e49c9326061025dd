"""A small folded network whose channels differ as trained ones do."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mobilenets.data.preprocess import scale
from mobilenets.deployment.golden import synthetic
from mobilenets.jobs.source import read_source
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network


@pytest.fixture(scope="session")
def folded(checkpoint: Callable[..., Path]) -> Callable[..., Network]:
    """`folded(activation="relu")` is the network of a checkpoint without batch norm. A copy of one's own."""

    def make(**fields: object) -> Network:
        network = fold(read_source(checkpoint(**fields)).network).requires_grad_(False)
        assert isinstance(network, Network)
        return network

    return make


@pytest.fixture(scope="session")
def batches(classifier: Path) -> list[Tensor]:
    """Scaled images, as the classifier is shown them."""
    images = torch.from_numpy(synthetic(count=12, side=32)).permute(0, 3, 1, 2)
    return [scale(part, read_source(classifier).description.preprocessing) for part in torch.split(images, 4)]
