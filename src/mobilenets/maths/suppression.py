"""Non-maximum suppression: of boxes of one kind that cover each other, the likeliest stays."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import one_hot

CANDIDATES = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of one image's boxes, the likeliest first: (n, 4) boxes, their kinds (n,) and scores (n,)."""

    boxes: Tensor
    kinds: Tensor
    scores: Tensor


def suppressed(
    boxes: Tensor,
    scores: Tensor,
    *,
    limit: int,
    threshold: float,
    overlap: float,
    each: int | None = None,
    candidates: int = CANDIDATES,
) -> Kept:
    """The `limit` likeliest of one image's boxes, without those that cover a likelier one of their kind by more.

    `scores` (n, kinds) are those of `boxes` (n, kinds, 4), or (n, 1, 4) where a box is the same for every kind; only
    those above `threshold` count. `each` is how many of one kind may stay, unset all. The likeliest `candidates` are
    looked at first: what they leave is what all would leave, as only a likelier box suppresses; where that is less
    than `limit`, more are looked at.
    """
    flat = scores.flatten()
    there = int((flat > threshold).sum())
    looked = min(candidates, there)
    while True:
        found = _best(boxes, flat, kinds=scores.shape[1], count=looked, overlap=overlap)
        found = found if each is None else _first(found, each, kinds=scores.shape[1])
        if len(found.scores) >= limit or looked == there:
            return Kept(found.boxes[:limit], found.kinds[:limit], found.scores[:limit])
        looked = min(4 * looked, there)


def _best(boxes: Tensor, scores: Tensor, *, kinds: int, count: int, overlap: float) -> Kept:
    from torchvision.ops import batched_nms

    best, places = scores.topk(count)
    rows, found = places // kinds, places % kinds
    chosen = boxes[rows, found if boxes.shape[1] > 1 else 0]
    stay = batched_nms(chosen.float(), best.float(), found, overlap)
    return Kept(chosen[stay], found[stay], best[stay])


def _first(found: Kept, each: int, *, kinds: int) -> Kept:
    """The `each` likeliest of every kind."""
    ranks = one_hot(found.kinds, kinds).cumsum(0).gather(1, found.kinds.unsqueeze(1)).squeeze(1)
    stay = ranks <= each
    return Kept(found.boxes[stay], found.kinds[stay], found.scores[stay])
