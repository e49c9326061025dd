"""Padding that is left to the convolution changes nothing that the network computes."""

import pytest
import torch

from mobilenets.architecture.rows import Conv
from mobilenets.architecture.style import Style, image_tap, lay
from mobilenets.deployment.runtimes.planes import _pad_inside
from mobilenets.network.graph import Network


@pytest.mark.parametrize(("dilation", "side", "inside"), [(1, 15, True), (1, 16, False), (2, 15, True), (2, 16, False)])
def test_padding_inside_is_the_same_padding(dilation: int, side: int, inside: bool) -> None:
    network = Network(lay([Conv(4, stride=2, dilation=dilation, name="conv")], image_tap(side), Style())).eval()
    image = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network(image)
        _pad_inside(network)
        torch.testing.assert_close(network(image), expected)
    assert network.get_submodule("blocks.conv").pad_same is not inside
