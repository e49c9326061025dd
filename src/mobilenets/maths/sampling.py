"""Which of many boxes a detector learns from: a few at random, in the balance that is asked for."""

import torch
from torch import Tensor


def balanced(positive: Tensor, negative: Tensor, *, count: int, share: float) -> Tensor:
    """At most `count` places of each row, drawn at random: (N, places) which ones.

    At most `share` of `count` are `positive` (N, places), as many as there are; the rest are `negative` (N, places),
    which has no place with the other in common. The draw is torch's own generator's.
    """
    positives = _drawn(positive, torch.full((len(positive), 1), int(count * share), device=positive.device))
    return positives | _drawn(negative, count - positives.sum(1, keepdim=True))


def _drawn(among: Tensor, counts: Tensor) -> Tensor:
    """`counts` (N, 1) of the places (N, places), or as many as there are."""
    lots = torch.where(among, torch.rand(among.shape, device=among.device), 2.0)
    return among & (lots.argsort(1).argsort(1) < counts)
