"""What SSD minimises: how wrong the kinds of all default boxes are, and how far the matched ones are off."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from mobilenets.maths.boxes import CORNERS, moved, offsets_to
from mobilenets.maths.matching import matches

MATCHED = 0.5
# Reference: the authors' miner looks at the 3,000 worst boxes that do not nearly coincide, three negatives a positive.
_COINCIDE, _WORST, _RATIO = 0.99, 3000, 3
_FEW = 2
# Reference: the authors' later recipe.
_ALPHA, _GAMMA = 0.75, 2.0


@dataclass(frozen=True, slots=True)
class Rows:
    """A detector's outputs (N, boxes, ...) in their parts: `scores`, `offsets` and the `boxes` that these move."""

    scores: Tensor
    offsets: Tensor
    boxes: Tensor

    @property
    def found(self) -> Tensor:
        """The boxes moved: (N, boxes, 1, 4), or (N, boxes, classes, 4) where each class moves them its own way."""
        offsets = self.offsets.view(*self.offsets.shape[:-1], -1, CORNERS)
        return moved(self.boxes.unsqueeze(-2), offsets)


def rows_of(outputs: Tensor, *, classes: int) -> Rows:
    """The parts of (N, boxes, 1 + classes + 4k + 4) outputs."""
    parts = outputs.float().tensor_split([classes + 1, outputs.shape[-1] - CORNERS], -1)
    scores, offsets, boxes = (part.contiguous() for part in parts)
    return Rows(scores, offsets, boxes)


@dataclass(frozen=True, slots=True)
class Answers:
    """Which objects default boxes answer for: `place` (N, boxes), the `kinds` (N, boxes) that they are to tell, where
    0 is the background, and the `boxes` (N, boxes, 4) that they are to be moved to."""

    place: Tensor
    kinds: Tensor
    boxes: Tensor

    @property
    def positive(self) -> Tensor:
        """(N, boxes) which of them answer for an object."""
        return self.place >= 0


def wanted(
    defaults: Tensor,
    boxes: Tensor,
    kinds: Tensor,
    *,
    at_least: float = MATCHED,
    below: float | None = None,
    forced: bool = True,
) -> Answers:
    """What default boxes are to answer, (n, 4) or (N, n, 4), for objects (N, most, 4) of `kinds` (N, most).

    A kind of -1 is none. The rest is as for `matches`.
    """
    # Room for the objects of the fullest image of all; few batches have one.
    columns = torch.arange(1, kinds.shape[1] + 1, device=kinds.device)
    most = int(columns.mul((kinds >= 0).any(0)).amax()) if kinds.numel() else 0
    boxes, kinds = boxes[:, :most], kinds[:, :most]
    place = matches(defaults, boxes, kinds >= 0, at_least=at_least, below=below, forced=forced)
    if not boxes.shape[1]:
        place = place.expand(len(boxes), -1)
        return Answers(place, torch.zeros_like(place), boxes.new_zeros(*place.shape, CORNERS))
    own = place.clamp_min(0)
    told = torch.where(place >= 0, kinds.gather(1, own) + 1, 0)
    return Answers(place, told, boxes.gather(1, own.unsqueeze(-1).expand(-1, -1, CORNERS)))


def ssd_loss(rows: Rows, answers: Answers, *, focal: bool) -> Tensor:
    """Loss of kinds and of places, both over the number of matched default boxes of the batch (equation 1 of SSD)."""
    positive = answers.positive
    kinds = focal_loss(rows.scores, answers.kinds) if focal else hard_loss(rows, answers)
    targets = offsets_to(rows.boxes[positive], answers.boxes[positive])
    places = F.smooth_l1_loss(rows.offsets[positive], targets, reduction="sum")
    return (kinds + places) / positive.sum().clamp_min(1)


def focal_loss(scores: Tensor, kinds: Tensor) -> Tensor:
    """Sigmoid cross-entropy of (N, boxes, 1 + classes) logits, in which what is told surely hardly counts; a sum.

    A box of the background is of no class: its own output is to say no, of any box (as the authors' focal recipe has
    it, and the detectors that they published).
    """
    from torchvision.ops import sigmoid_focal_loss

    told = F.one_hot(kinds, scores.shape[-1]).to(scores.dtype)
    told[..., 0] = 0
    return sigmoid_focal_loss(scores, told, alpha=_ALPHA, gamma=_GAMMA, reduction="sum")


def hard_loss(rows: Rows, answers: Answers) -> Tensor:
    """Sigmoid cross-entropy of the matched boxes and of the worst others, three for each; a sum.

    The background is encoded as in `focal_loss`, so that either goes on from the other's weights.
    """
    # With one class told of a box, or none, the sum over the outputs needs no tensor of zeros and ones.
    told = rows.scores.gather(-1, answers.kinds.unsqueeze(-1)).squeeze(-1)
    each = F.softplus(rows.scores).sum(-1) - torch.where(answers.positive, told, 0)
    with torch.no_grad():
        found = rows.found.squeeze(-2)
        chosen = [
            hard(worth, boxes, positive)
            for worth, boxes, positive in zip(each.detach(), found, answers.positive, strict=True)
        ]
    return each[torch.stack(chosen)].sum()


def hard(losses: Tensor, boxes: Tensor, positive: Tensor) -> Tensor:
    """Which of one image's boxes count, (n,): those `positive` (n,), and three others for each, by their `losses` (n,).

    Of others whose boxes (n, 4) nearly coincide only the worst is looked at. As only a worse box takes the place of
    another, the first that are left of the worst few are the first that would be left of all.
    """
    from torchvision.ops import nms

    chosen = positive.clone()
    wanted = min(_RATIO * int(positive.sum()), _WORST)
    order = losses.masked_fill(positive, -torch.inf).argsort(descending=True)[: int((~positive).sum())]
    looked = min(_FEW * wanted, len(order))
    while wanted:
        among = order[:looked]
        left = nms(boxes[among], losses[among], _COINCIDE)
        if len(left) >= wanted or looked == len(order):
            chosen[among[left[:wanted]]] = True
            break
        looked = min(2 * looked, len(order))
    return chosen
