"""What a network of two stages gives while it learns."""

from typing import NamedTuple

from torch import Tensor


class Stages(NamedTuple):
    """The rows of both stages of Faster R-CNN, each its scores, its offsets and the box that these move.

    `first` (N, anchors, 2 + 4 + 4) tells object from background at every anchor; `second` (N, boxes, ...) is what the
    network's last layer says of the boxes that were chosen to learn from.
    """

    first: Tensor
    second: Tensor
