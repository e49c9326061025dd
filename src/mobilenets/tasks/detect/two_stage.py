"""What Faster R-CNN minimises: how wrong both stages are about kinds and places (Ren et al., 2015, equation 1).

As the authors' published recipes have it: losses are means over the boxes that are looked at, and places weigh double.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from mobilenets.maths.boxes import CORNERS, has_area, offsets_to
from mobilenets.maths.matching import NOTHING
from mobilenets.maths.sampling import balanced
from mobilenets.tasks.detect.loss import Answers, Rows, wanted

# Reference: an anchor is an object's from .7 on and the background's below .3; half of 256 are objects'.
_OBJECT, _BACKGROUND = 0.7, 0.3
_SAMPLED, _POSITIVE = 256, 0.5
# Reference: a proposal is an object's from half on.
_MATCHED = 0.5
_PLACES = 2.0  # weight of the loss of places, that of kinds being 1


def first_loss(rows: Rows, boxes: Tensor, kinds: Tensor) -> Tensor:
    """That of the first stage, whose rows (N, anchors, ...) tell objects (N, most, 4) from the background.

    `kinds` (N, most) are -1 where there is none. A few anchors are drawn at random.
    """
    objects = torch.where(kinds >= 0, 0, kinds)
    answers = wanted(rows.boxes[0], boxes, objects, at_least=_OBJECT, below=_BACKGROUND)
    drawn = balanced(answers.positive, answers.place == NOTHING, count=_SAMPLED, share=_POSITIVE)
    return _loss(rows, answers, looked=drawn)


def second_loss(rows: Rows, boxes: Tensor, kinds: Tensor) -> Tensor:
    """That of the second stage: of all its rows (N, boxes, ...) but those that fill up. Nothing is drawn."""
    answers = wanted(rows.boxes, boxes, kinds, at_least=_MATCHED, forced=False)
    return _loss(rows, answers, looked=has_area(rows.boxes))


def _loss(rows: Rows, answers: Answers, *, looked: Tensor) -> Tensor:
    """Kinds and places of the boxes that are looked at (N, boxes): their mean in each photograph, and that of these."""
    shares = looked / (looked.sum(1, keepdim=True).clamp_min(1) * len(looked))
    kinds = F.cross_entropy(rows.scores[looked], answers.kinds[looked], reduction="none")
    positive = looked & answers.positive
    targets = offsets_to(rows.boxes[positive], answers.boxes[positive])
    places = F.smooth_l1_loss(_own(rows, answers, positive), targets, reduction="none").sum(1)
    return (kinds * shares[looked]).sum() + _PLACES * (places * shares[positive]).sum()


def _own(rows: Rows, answers: Answers, positive: Tensor) -> Tensor:
    """Of each positive box the offsets of its own kind, (n, 4)."""
    own = (answers.kinds[positive] - 1).view(-1, 1, 1).expand(-1, 1, CORNERS)
    each = rows.offsets[positive].view(len(own), rows.offsets.shape[2] // CORNERS, CORNERS)
    return each.gather(1, own).squeeze(1)
