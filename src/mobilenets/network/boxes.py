"""The end of a detector: what all its predictors say, a row a box."""

import torch
from torch import Tensor, nn

from mobilenets.architecture.layer import Layer
from mobilenets.maths.boxes import CORNERS, default_boxes


class Boxes(nn.Module):
    """Scores, offsets and default box of every box, side by side.

    The default boxes follow from the layer: they are no part of the weights, so that another resolution has others.
    """

    defaults: Tensor

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.outputs = layer.out_channels - 2 * CORNERS
        self.register_buffer("defaults", default_boxes(layer.grids), persistent=False)

    def forward(self, *maps: Tensor) -> Tensor:
        """Pairs of (N, shapes * outputs, H, W) and (N, shapes * 4, H, W) to (N, boxes, outputs + 8)."""
        scores = torch.cat([_rows(one, self.outputs) for one in maps[::2]], 1)
        offsets = torch.cat([_rows(one, CORNERS) for one in maps[1::2]], 1)
        # Always in 32 bits: eight bits of a mantissa would move default boxes by pixels.
        return torch.cat([scores.float(), offsets.float(), self.defaults.expand(len(scores), -1, -1)], 2)


def _rows(one: Tensor, numbers: int) -> Tensor:
    """(N, shapes * numbers, H, W) to (N, H * W * shapes, numbers): place by place, shape by shape."""
    return one.permute(0, 2, 3, 1).reshape(len(one), -1, numbers)
