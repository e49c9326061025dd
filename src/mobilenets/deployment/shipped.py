"""The module that ships: preprocessing, then the network with its batch norm folded."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from mobilenets.architecture.layer import Layer
from mobilenets.data.preprocess import Preprocessing
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network

Inputs = Literal["uint8", "float"]
Axes = dict[int, str]

IMAGES, OUTPUTS = "images", "outputs"
CHANNELS = 3
# A map of one place is a special case to torch's exporter, so free sizes are traced where every map has several.
_ROOMY = 64


class Shipped(nn.Module):
    """A folded copy of an evaluated network that scales its own input.

    With "uint8" it takes (N, H, W, 3) RGB bytes, as decoders give them; with "float" (N, 3, H, W) floats that are
    normalised already. It gives what the network gives, or what `tail` makes of that.
    """

    shift: Tensor
    factor: Tensor

    def __init__(
        self,
        network: Network,
        preprocessing: Preprocessing,
        *,
        inputs: Inputs = "uint8",
        tail: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.tail = nn.Identity() if tail is None else tail
        self.network = fold(network.eval())
        for module in self.network.modules():
            if isinstance(module, nn.ReLU | nn.ReLU6 | nn.LeakyReLU):
                module.inplace = False  # means nothing in a file, and costs the exporter half its time
        mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
        self.register_buffer("shift", (mean * 255).view(1, CHANNELS, 1, 1))
        self.register_buffer("factor", (1 / (std * 255)).view(1, CHANNELS, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Images as `inputs` says to the file's outputs, (N, ...)."""
        if self.inputs == "uint8":
            images = images.permute(0, 3, 1, 2).float().sub(self.shift).mul(self.factor)
        outputs: Tensor = self.tail(self.network(images))
        return outputs


@dataclass(frozen=True, slots=True)
class Signature:
    """What shapes a file takes: `batch` images at a time (None: any number) of `resolution`, or of any size.

    TensorFlow's SAME pads by the size of each map, which a file has to hold as numbers: such networks keep their
    resolution (`any_size` is False).
    """

    inputs: Inputs
    resolution: int
    batch: int | None = None
    any_size: bool = False

    @property
    def axes(self) -> Axes:
        """The axes of the input that are free, by place."""
        names = {0: "batch"} if self.batch is None else {}
        if not self.any_size:
            return names
        rows = 1 if self.inputs == "uint8" else 2
        return names | {rows: "height", rows + 1: "width"}

    @property
    def shape(self) -> tuple[int | str, ...]:
        """The shape of the input, free axes by name."""
        return tuple(self.axes.get(place, length) for place, length in enumerate(self._fixed(self.resolution)))

    def example(self) -> Tensor:
        """An input to trace the module with."""
        side = max(self.resolution, _ROOMY) if self.any_size else self.resolution
        return torch.zeros(self._fixed(side), dtype=torch.uint8 if self.inputs == "uint8" else torch.float32)

    def _fixed(self, side: int) -> tuple[int, int, int, int]:
        count = self.batch or 2  # one image would be taken for a fixed number
        return (count, side, side, CHANNELS) if self.inputs == "uint8" else (count, CHANNELS, side, side)


def fits_any_size(layers: tuple[Layer, ...]) -> bool:
    """Whether a network's layers may read images of other sizes once exported."""
    flattens = any(layer.op == "linear" and layer.in_size != (1, 1) for layer in layers)
    places = any(layer.grids for layer in layers)  # default boxes stand where those of one size do
    return not flattens and not places and all(layer.padding != "same" or set(layer.kernel) == {1} for layer in layers)
