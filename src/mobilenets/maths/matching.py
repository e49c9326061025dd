"""Which default boxes answer for which objects."""

import torch
from torch import Tensor

from mobilenets.maths.boxes import overlaps

NOTHING, NEITHER = -1, -2
"""Matches that are no place of an object: a box of the background, and one that says nothing."""


def matches(
    boxes: Tensor, objects: Tensor, present: Tensor, *, at_least: float, below: float | None = None, forced: bool = True
) -> Tensor:
    """For each of the boxes (..., n, 4) the place of the object (..., m, 4) that it answers for: (..., n) integers.

    That is the one it overlaps most, from `at_least` on (Jaccard overlap, section 2.2 of SSD). Below `below`, which
    unset is the same, it is `NOTHING`, and between both `NEITHER`. `forced`, every object also has the box that
    overlaps it most, however little; of several such objects the last has it. Only objects that are `present` (..., m)
    count.
    """
    shares = torch.where(present.unsqueeze(-2), overlaps(boxes, objects), -1.0)
    if not shares.shape[-1]:
        return torch.full(shares.shape[:-1], NOTHING, device=boxes.device)
    most, place = shares.max(-1)
    limit = at_least if below is None else below
    found = torch.where(most >= at_least, place, torch.where(most < limit, NOTHING, NEITHER))
    if not forced:
        return found
    best = _forced(shares, present)
    return torch.where(best >= 0, best, found)


def _forced(shares: Tensor, present: Tensor) -> Tensor:
    """The object that has each box as its best, (..., n); `NEITHER` where there is none."""
    best = shares.argmax(-2)
    places = torch.arange(best.shape[-1], device=best.device).expand_as(best)
    # An object that shares no pixel with any box has none.
    wanted = torch.where(present & (shares.amax(-2) > 0), places, NEITHER)
    empty = torch.full(shares.shape[:-1], NEITHER, device=best.device)
    return empty.scatter_reduce(-1, best, wanted, "amax")
