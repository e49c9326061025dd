"""SSD's loss, against definitions written out and torch's own cross-entropy."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import nms

from mobilenets.maths.boxes import moved, offsets_to, overlaps
from mobilenets.tasks.detect.loss import Rows, focal_loss, hard, hard_loss, rows_of, ssd_loss, wanted

CLASSES = 3


def _boxes(*shape: int, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    corner, sides = torch.rand(*shape, 2, generator=random), 0.2 + torch.rand(*shape, 2, generator=random)
    return torch.cat([corner, corner + sides], -1)


def _rows(count: int, *, seed: int, images: int = 2) -> Rows:
    random = torch.Generator().manual_seed(seed)
    defaults = _boxes(count, seed=seed).expand(images, -1, -1)
    scores, offsets = (torch.randn(images, count, size, generator=random) for size in (CLASSES + 1, 4))
    return Rows(scores, offsets, defaults)


def test_outputs_fall_into_their_parts() -> None:
    rows = _rows(5, seed=0)
    again = rows_of(torch.cat([rows.scores, rows.offsets, rows.boxes], -1), classes=CLASSES)
    assert all((getattr(again, name) == getattr(rows, name)).all() for name in ("scores", "offsets", "boxes"))
    assert (again.found[:, :, 0] == moved(rows.boxes, rows.offsets)).all()


def test_boxes_may_move_their_own_way_for_each_class() -> None:
    """As Faster R-CNN's do."""
    proposals, offsets = _boxes(2, 5, seed=0), torch.randn(2, 5, 4 * CLASSES)
    rows = rows_of(torch.cat([torch.zeros(2, 5, CLASSES + 1), offsets, proposals], -1), classes=CLASSES)
    assert rows.found.shape == (2, 5, CLASSES, 4)
    torch.testing.assert_close(rows.found[:, :, 2], moved(proposals, offsets[..., 8:]))


def test_what_is_wanted_of_each_box() -> None:
    defaults = torch.tensor([[0.0, 0.0, 0.4, 0.4], [0.6, 0.6, 1.0, 1.0], [0.0, 0.6, 0.2, 1.0]])
    boxes = torch.tensor([[[0.6, 0.6, 1.0, 0.9], [0.0, 0.0, 0.0, 0.0]], [[0.0] * 4, [0.0] * 4]])
    answers = wanted(defaults, boxes, torch.tensor([[2, -1], [-1, -1]]))
    assert answers.kinds.tolist() == [[0, 3, 0], [0, 0, 0]]
    assert answers.positive.tolist() == [[False, True, False], [False] * 3]
    assert (answers.boxes[0, 1] == boxes[0, 0]).all()


@pytest.mark.parametrize(
    "kinds", [[[2, 0, -1], [1, -1, -1]], [[-1, -1, -1], [-1, -1, -1]], [[-1, 2, -1], [-1, -1, -1]]]
)
def test_room_for_more_objects_changes_nothing(kinds: list[list[int]]) -> None:
    defaults, boxes, told = _boxes(20, seed=0), _boxes(2, 3, seed=1), torch.tensor(kinds)
    roomy = F.pad(told, (0, 40), value=-1)
    bare, full = wanted(defaults, boxes, told), wanted(defaults, F.pad(boxes, (0, 0, 0, 40)), roomy)
    assert torch.equal(bare.place, full.place) and torch.equal(bare.kinds, full.kinds)
    assert torch.equal(bare.boxes[bare.positive], full.boxes[bare.positive])
    assert full.boxes.shape == (2, 20, 4)
    assert bool(full.positive.any()) == bool((told >= 0).any())


def test_a_batch_of_which_no_photograph_has_a_box() -> None:
    rows = _rows(5, seed=1)
    answers = wanted(rows.boxes[0], torch.zeros(2, 0, 4), torch.zeros(2, 0, dtype=torch.int64))
    for focal in (True, False):
        loss = ssd_loss(rows, answers, focal=focal)
        assert loss.isfinite() and (loss > 0) == focal  # without positives there are no hard negatives


@given(st.integers(0, 2**31), st.booleans())
def test_equation_1(seed: int, focal: bool) -> None:
    """Kinds and places, over the number of matched boxes."""
    rows = _rows(12, seed=seed)
    kinds = torch.tensor([[0, 2], [1, -1]])
    answers = wanted(rows.boxes[0], _boxes(2, 2, seed=seed + 1), kinds)
    places = sum(
        F.smooth_l1_loss(
            rows.offsets[image, place],
            offsets_to(rows.boxes[image, place], answers.boxes[image, place]),
            reduction="sum",
        )
        for image in range(2)
        for place in range(12)
        if answers.positive[image, place]
    )
    told = focal_loss(rows.scores, answers.kinds) if focal else hard_loss(rows, answers)
    expected = (told + places) / answers.positive.sum()
    torch.testing.assert_close(ssd_loss(rows, answers, focal=focal), expected)


@given(st.integers(0, 2**31))
def test_hard_negatives_are_the_worst_three_for_each_positive(seed: int) -> None:
    rows = _rows(30, seed=seed, images=1)
    answers = wanted(rows.boxes[0], _boxes(1, 2, seed=seed + 1), torch.tensor([[1, 0]]))
    told = F.one_hot(answers.kinds, CLASSES + 1).float()
    told[..., 0] = 0
    each = F.binary_cross_entropy_with_logits(rows.scores, told, reduction="none").sum(-1)[0]
    found, positive = moved(rows.boxes, rows.offsets)[0], answers.positive[0]
    apart = overlaps(found, found).fill_diagonal_(0).max() <= 0.99
    if apart:
        worst = each[~positive].sort(descending=True).values[: 3 * int(positive.sum())]
        torch.testing.assert_close(hard_loss(rows, answers), each[positive].sum() + worst.sum())


def test_of_boxes_that_nearly_coincide_only_the_worst_is_hard() -> None:
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.999], [0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]])
    losses, positive = torch.tensor([3.0, 4.0, 1.0, 2.0]), torch.tensor([False, False, False, True])
    assert hard(losses, boxes, positive).tolist() == [False, True, True, True]


@given(st.integers(0, 2**31), st.integers(0, 4))
def test_the_few_that_are_looked_at_are_enough(seed: int, objects: int) -> None:
    """Whatever coincides: the same as looking at all of them in one go."""
    random = torch.Generator().manual_seed(seed)
    boxes = _boxes(8, seed=seed)[torch.randint(8, (40,), generator=random)]  # most of them several times
    losses = torch.rand(40, generator=random)
    positive = torch.zeros(40, dtype=torch.bool)
    positive[torch.randperm(40, generator=random)[:objects]] = True
    others = torch.arange(40)[~positive]
    left = others[nms(boxes[others], losses[others], 0.99)][: 3 * objects]
    expected = positive.clone()
    expected[left] = True
    assert hard(losses, boxes, positive).tolist() == expected.tolist()


def test_focal_loss_by_hand() -> None:
    """Lin et al., equation 5, with the authors' alpha .75 and gamma 2; the background says no to every box."""
    scores = torch.tensor([[[2.0, -1.0]]])
    background, one = scores.sigmoid()[0, 0]
    no = -0.25 * background**2 * (1 - background).log()
    assert focal_loss(scores, torch.tensor([[1]])).item() == pytest.approx(
        (no - 0.75 * (1 - one) ** 2 * one.log()).item()
    )
    assert focal_loss(scores, torch.tensor([[0]])).item() == pytest.approx(
        (no - 0.25 * one**2 * (1 - one).log()).item()
    )
