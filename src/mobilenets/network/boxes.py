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
        scores = torch.cat([rows_of_map(one, self.outputs) for one in maps[::2]], 1)
        offsets = torch.cat([rows_of_map(one, CORNERS) for one in maps[1::2]], 1).float()
        # One for each image, and no shape computed for that: OpenVINO gets 8 bits and any number of images wrong then.
        defaults = self.defaults + 0 * offsets
        # Always in 32 bits: eight bits of a mantissa would move default boxes by pixels.
        return torch.cat([scores.float(), offsets, defaults], 2)


class ProposedBoxes(nn.Module):
    """Scores, offsets and proposal of every box, side by side: the second stage of Faster R-CNN."""

    def forward(self, scores: Tensor, offsets: Tensor, proposals: Tensor) -> Tensor:
        """(N * boxes, outputs), (N * boxes, 4 * classes) and (N, boxes, 4) to (N, boxes, outputs + 4 * classes + 4)."""
        said = torch.cat([scores.float(), offsets.float()], 1)
        return torch.cat([said.view(*proposals.shape[:2], -1), proposals], 2)


def boxes_module(layer: Layer) -> nn.Module:
    """The module of a layer `boxes`: over default boxes or, where it has none, over proposals."""
    return Boxes(layer) if layer.grids else ProposedBoxes()


def rows_of_map(one: Tensor, numbers: int) -> Tensor:
    """(N, shapes * numbers, H, W) to (N, H * W * shapes, numbers): place by place, shape by shape."""
    return one.permute(0, 2, 3, 1).reshape(len(one), -1, numbers)
