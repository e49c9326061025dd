"""A detector learnt from another one's outputs for the same default boxes."""

import torch
from torch import Tensor
from torch.nn import functional as F

from mobilenets.maths.boxes import overlaps
from mobilenets.tasks.detect.loss import Rows

_FOCUS = 2.0


def distillation_loss(rows: Rows, wanted: Rows) -> Tensor:
    """How far a student's rows are from its teacher's, over what the teacher sees: the mean over photographs.

    Kinds are compared by cross-entropy that counts as much as they differ (quality focal loss, Li et al., 2020,
    equation 2), places by smooth L1 where the teacher sees something.
    """
    taught, said = wanted.scores.sigmoid(), rows.scores.sigmoid()
    doubt = (taught - said.detach()).abs() ** _FOCUS
    kinds = (doubt * F.binary_cross_entropy_with_logits(rows.scores, taught, reduction="none")).sum((1, 2))
    sure = _sureness(wanted)
    places = (sure * F.smooth_l1_loss(rows.offsets, wanted.offsets, reduction="none").sum(-1)).sum(1)
    return ((kinds + places) / sure.sum(1).clamp_min(1)).mean()


def agreement(rows: Rows, wanted: Rows) -> Tensor:
    """(N,) how far the boxes of both cover each other where they see the same, where the teacher sees something."""
    same = rows.scores[..., 1:].argmax(-1) == wanted.scores[..., 1:].argmax(-1)
    covered = overlaps(rows.found, wanted.found)[..., 0, 0]
    sure = _sureness(wanted)
    return (sure * same * covered).sum(1) / sure.sum(1).clamp_min(1e-12)


def chosen(rows: Rows, columns: Tensor) -> Tensor:
    """The rows of a teacher with the scores of some of its classes alone, in the order of `columns`."""
    background_too = torch.cat([columns.new_zeros(1), columns + 1])
    return torch.cat([rows.scores[..., background_too], rows.offsets, rows.boxes], -1)


def _sureness(rows: Rows) -> Tensor:
    """(N, boxes) the probability of the likeliest class."""
    return rows.scores[..., 1:].sigmoid().amax(-1)
