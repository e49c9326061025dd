"""The module laid out as runtimes want it that keep a pixel's channels together."""

import copy

from torch import Tensor, nn

from mobilenets.deployment.shipped import CHANNELS, Shipped
from mobilenets.network.blocks import GlobalAveragePool


class ChannelsLast(nn.Module):
    """The same function as a `Shipped`, with the same input and output.

    Bytes are scaled before their axes are turned, and the mean over the map keeps its axes. Converters to runtimes
    that compute in (N, H, W, C) then cancel every transposition, see TensorFlow's SAME padding for what it is, and
    fold the factor into the first convolution; XNNPACK takes the mean, which it leaves to slower code otherwise.
    """

    shift: Tensor
    factor: Tensor

    def __init__(self, module: Shipped) -> None:
        super().__init__()
        self.inputs = module.inputs
        self.network, self.tail = copy.deepcopy(module.network), module.tail
        blocks = self.network.get_submodule("blocks")
        for name, block in blocks.named_children():
            if isinstance(block, GlobalAveragePool):
                setattr(blocks, name, _Mean())
        self.register_buffer("shift", module.shift.reshape(1, 1, 1, CHANNELS))
        self.register_buffer("factor", module.factor.reshape(1, 1, 1, CHANNELS))
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Images as `inputs` says to the file's outputs, (N, ...)."""
        if self.inputs == "uint8":
            images = images.float().sub(self.shift).mul(self.factor).permute(0, 3, 1, 2)
        outputs: Tensor = self.tail(self.network(images))
        return outputs


class _Mean(nn.Module):
    """The mean over the map, flattened in a step of its own."""

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C)."""
        return images.mean((-2, -1), keepdim=True).flatten(1)
