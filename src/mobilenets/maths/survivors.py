"""Suppression as one operation of a network: traced, it stays whole, and a runtime puts its own in its place."""

from typing import Any

import torch
from torch import Tensor


@torch.library.custom_op("mobilenets::survivors", mutates_args=())
def survivors(
    boxes: Tensor, scores: Tensor, kinds: Tensor, classes: int, overlap: float, threshold: float, limit: int
) -> Tensor:
    """Which boxes stay (N, n), of boxes (N, n, 4) with their scores (N, n) and kinds (N, n), each in [0, classes).

    In each image and kind those above the `threshold` stay that no surer one covers by more than `overlap`, up to
    `limit`, the surest first.
    """
    stay = torch.zeros_like(scores, dtype=torch.bool)
    for image in range(len(boxes)):
        for kind in range(classes):
            stay[image, _of_kind(boxes[image], scores[image], kinds[image] == kind, overlap, threshold)[:limit]] = True
    return stay


def _of_kind(boxes: Tensor, scores: Tensor, mine: Tensor, overlap: float, threshold: float) -> Tensor:
    """The places of those that stay, the surest first."""
    from torchvision.ops import nms

    places = (mine & (scores > threshold)).nonzero().squeeze(1)
    kept: Tensor = places[nms(boxes[places], scores[places], overlap)]
    return kept


@survivors.register_fake
def _(_boxes: Tensor, scores: Tensor, *_: Any) -> Tensor:
    return torch.empty_like(scores, dtype=torch.bool)
