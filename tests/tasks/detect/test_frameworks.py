"""What the frameworks make of a network's rows."""

import pytest
import torch
from torch import Tensor

from mobilenets.network.stages import Stages
from mobilenets.tasks.detect.frameworks import FRAMEWORKS, guided_loss, kept_boxes
from mobilenets.tasks.detect.loss import Rows, rows_of
from mobilenets.tasks.detect.tail import EACH
from mobilenets.tasks.detect.two_stage import first_loss, second_loss


def _apart(count: int) -> Tensor:
    """(1, count, 4) boxes that share nothing."""
    left = torch.arange(count) / count
    return torch.stack([left, torch.zeros(count), left + 0.9 / count, torch.ones(count)], 1)[None]


def test_chances_are_each_class_s_own_or_one_of_all() -> None:
    rows = Rows(torch.tensor([[[1.0, 2.0, -1.0]]]), torch.zeros(1, 1, 8), _apart(1))
    torch.testing.assert_close(FRAMEWORKS["ssd"].chances(rows), rows.scores.sigmoid()[..., 1:])
    torch.testing.assert_close(FRAMEWORKS["frcnn"].chances(rows), rows.scores.softmax(-1)[..., 1:])


@pytest.mark.parametrize(("framework", "limit"), [("ssd", 100), ("frcnn", 300)])
def test_how_many_boxes_are_told(framework: str, limit: int) -> None:
    """At most 100 of a class: with four classes, each sure of each box, all that may stay do."""
    scores = torch.randn(1, 150, 5, generator=torch.Generator().manual_seed(0))
    (kept,) = kept_boxes(Rows(scores, torch.zeros(1, 150, 4), _apart(150)), FRAMEWORKS[framework])
    assert len(kept.scores) == limit
    assert kept.kinds.bincount().max() <= EACH


def test_a_class_moves_a_proposal_its_own_way() -> None:
    offsets = torch.tensor([[[0.0] * 4 + [0.0, 5.0, 0.0, 0.0]]])  # the second class: half a side to the right
    scores, box = torch.tensor([[[0.0, 1.0, 2.0]]]), torch.tensor([[[0.2, 0.2, 0.6, 0.4]]])
    (kept,) = kept_boxes(Rows(scores, offsets, box), FRAMEWORKS["frcnn"])
    assert kept.kinds.tolist() == [1, 0]
    torch.testing.assert_close(kept.boxes, torch.tensor([[0.4, 0.2, 0.8, 0.4], [0.2, 0.2, 0.6, 0.4]]))


def test_proposals_that_fill_up_are_not_told() -> None:
    rows = Rows(torch.tensor([[[0.0, 1.0]]]).expand(1, 8, 2), torch.zeros(1, 8, 4), torch.zeros(1, 8, 4))
    (kept,) = kept_boxes(rows, FRAMEWORKS["frcnn"])
    assert not len(kept.scores)


def test_both_stages_are_learnt_together() -> None:
    torch.manual_seed(0)
    first = torch.cat([torch.randn(2, 20, 6), _apart(20).expand(2, -1, -1)], -1)
    second = torch.cat([torch.randn(2, 10, 4 + 12), _apart(10).expand(2, -1, -1)], -1)
    targets = {"boxes": _apart(3).expand(2, -1, -1), "kinds": torch.tensor([[0, 2, -1], [1, -1, -1]])}
    given = targets["boxes"], targets["kinds"]
    expected = first_loss(rows_of(first, classes=1), *given) + second_loss(rows_of(second, classes=3), *given)
    torch.testing.assert_close(guided_loss(Stages(first, second), targets, classes=3), expected)
