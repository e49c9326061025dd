"""Boxes: where they stand, how far they cover each other, and the numbers that move one onto another.

A box is left, top, right and bottom; boxes are (..., 4) tensors. Offsets are those of TensorFlow's detectors: the
centre's move down and across in sides of the box to be moved, and the logarithms of how much taller and wider it
becomes, times 10, 10, 5 and 5 (Faster R-CNN's equation 2, scaled).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mobilenets.architecture.layer import Grid

CORNERS = 4
SCALES = (10.0, 10.0, 5.0, 5.0)
# Sides that no network means, so that an exponential stays finite; it changes nothing below a thousandfold.
_MOST = math.log(1000.0)
_TINY = 1e-8


def default_boxes(grids: Sequence[Grid]) -> Tensor:
    """(n, 4) boxes as shares of the image: map by map, row by row, at each place every shape. Not clipped."""
    return torch.cat([_of_grid(grid) for grid in grids]).float()


def _of_grid(grid: Grid) -> Tensor:
    rows, columns = grid.size
    down = (torch.arange(rows, dtype=torch.float64) + 0.5) / rows
    across = (torch.arange(columns, dtype=torch.float64) + 0.5) / columns
    half = torch.tensor(grid.shapes, dtype=torch.float64) / 2
    y, x = torch.meshgrid(down, across, indexing="ij")
    y, x = y.reshape(-1, 1), x.reshape(-1, 1)
    tall, wide = half[:, 0], half[:, 1]
    return torch.stack([x - wide, y - tall, x + wide, y + tall], dim=-1).reshape(-1, 4)


def moved(boxes: Tensor, offsets: Tensor) -> Tensor:
    """The boxes (..., 4) moved by their offsets (..., 4)."""
    left, top, right, bottom = boxes.unbind(-1)
    tall, wide = bottom - top, right - left
    down, across, taller, wider = offsets.unbind(-1)
    y = (top + bottom) / 2 + down / SCALES[0] * tall
    x = (left + right) / 2 + across / SCALES[1] * wide
    half_tall = tall * (taller / SCALES[2]).clamp(max=_MOST).exp() / 2
    half_wide = wide * (wider / SCALES[3]).clamp(max=_MOST).exp() / 2
    return torch.stack([x - half_wide, y - half_tall, x + half_wide, y + half_tall], dim=-1)


def offsets_to(boxes: Tensor, others: Tensor) -> Tensor:
    """The offsets (..., 4) that move the boxes onto the others, both (..., 4)."""
    left, top, right, bottom = boxes.unbind(-1)
    tall, wide = (bottom - top).clamp_min(_TINY), (right - left).clamp_min(_TINY)
    left_to, top_to, right_to, bottom_to = others.unbind(-1)
    down = (top_to + bottom_to - top - bottom) / (2 * tall) * SCALES[0]
    across = (left_to + right_to - left - right) / (2 * wide) * SCALES[1]
    taller = ((bottom_to - top_to).clamp_min(_TINY) / tall).log() * SCALES[2]
    wider = ((right_to - left_to).clamp_min(_TINY) / wide).log() * SCALES[3]
    return torch.stack([down, across, taller, wider], dim=-1)


def centred(boxes: Tensor) -> Tensor:
    """Boxes (..., 4) as centre y, centre x, height and width, TensorFlow's order."""
    left, top, right, bottom = boxes.unbind(-1)
    return torch.stack([(top + bottom) / 2, (left + right) / 2, bottom - top, right - left], dim=-1)


def cornered(centres: Tensor) -> Tensor:
    """Centre y, centre x, height and width (..., 4) as boxes: what undoes `centred`."""
    y, x, tall, wide = centres.unbind(-1)
    return torch.stack([x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2], dim=-1)


def overlaps(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of every box (..., n, 4) with every other (..., m, 4): (..., n, m)."""
    from_, to = boxes.unsqueeze(-2), others.unsqueeze(-3)
    sides = (torch.minimum(from_[..., 2:], to[..., 2:]) - torch.maximum(from_[..., :2], to[..., :2])).clamp_min(0)
    common = sides[..., 0] * sides[..., 1]
    return common / (_areas(from_) + _areas(to) - common).clamp_min(_TINY)


def has_area(boxes: Tensor) -> Tensor:
    """Which of the boxes (..., 4) cover anything: (...). Those that do not only fill up a tensor."""
    return (boxes[..., 2:] > boxes[..., :2]).all(-1)


def _areas(boxes: Tensor) -> Tensor:
    sides = (boxes[..., 2:] - boxes[..., :2]).clamp_min(0)
    return sides[..., 0] * sides[..., 1]
