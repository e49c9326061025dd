"""The module for runtimes whose images are colour planes of numbers from 0 to 255."""

import copy

from torch import Tensor, nn

from mobilenets.deployment.shipped import Shipped
from mobilenets.network.blocks import ConvNorm
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.padding import same_pads


class Planes(nn.Module):
    """A `Shipped` that takes its pixels as (N, 3, H, W) floats: 0 to 255 for "uint8", else normalised already.

    It is for the resolution that its network is laid for.
    """

    shift: Tensor
    factor: Tensor

    def __init__(self, module: Shipped) -> None:
        super().__init__()
        self.inputs = module.inputs
        self.network, self.tail = copy.deepcopy(module.network), module.tail
        assert isinstance(self.network, Network)
        _pad_inside(self.network)
        self.register_buffer("shift", module.shift)
        self.register_buffer("factor", module.factor)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) floats to the file's outputs, (N, ...)."""
        if self.inputs == "uint8":
            images = (images - self.shift) * self.factor
        outputs: Tensor = self.tail(self.network(images))
        return outputs


def _pad_inside(network: Network) -> None:
    """Leave TensorFlow's SAME padding to the convolution where both sides get the same: pnnx loses it before one."""
    paths = module_paths(network.layers)
    for layer in network.layers:
        block = network.get_submodule(paths[layer.name])
        if isinstance(block, ConvNorm) and block.pad_same:
            rows, columns = (
                same_pads(size, kernel=kernel, stride=layer.stride)
                for size, kernel in zip(layer.in_size, block.kernel, strict=True)
            )
            if rows[0] == rows[1] and columns[0] == columns[1]:
                block.conv.padding = (rows[0], columns[0])
                block.pad_same = False
