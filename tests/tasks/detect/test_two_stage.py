"""Faster R-CNN's losses against definitions written out, photograph by photograph."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from mobilenets.maths.boxes import offsets_to, overlaps
from mobilenets.tasks.detect.loss import Rows
from mobilenets.tasks.detect.two_stage import first_loss, second_loss

CLASSES = 3


def _boxes(*shape: int, random: torch.Generator) -> Tensor:
    corner, sides = 0.6 * torch.rand(*shape, 2, generator=random), 0.2 + 0.3 * torch.rand(*shape, 2, generator=random)
    return torch.cat([corner, corner + sides], -1)


def _rows(count: int, *, seed: int, classes: int = CLASSES, own: bool = True) -> Rows:
    random = torch.Generator().manual_seed(seed)
    boxes = _boxes(2, count, random=random)
    scores = torch.randn(2, count, classes + 1, generator=random)
    offsets = torch.randn(2, count, 4 * (classes if own else 1), generator=random)
    return Rows(scores, offsets, boxes if own else boxes[:1].expand(2, -1, -1))


def _objects(most: int, *, seed: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed + 1)
    return _boxes(2, most, random=random), torch.randint(-1, CLASSES, (2, most), generator=random)


def _one(scores: Tensor, offsets: Tensor, box: Tensor, *, kind: int, target: Tensor | None) -> Tensor:
    """Loss of one box that is of a kind, 0 being the background."""
    loss = F.cross_entropy(scores[None], torch.tensor([kind]))
    if target is None:
        return loss
    own = offsets[4 * (kind - 1) : 4 * kind]
    return loss + 2 * F.smooth_l1_loss(own, offsets_to(box, target), reduction="sum")


@given(st.integers(0, 2**31), st.integers(0, 4))
def test_the_second_stage(seed: int, most: int) -> None:
    """A proposal is of the object that it overlaps most, by half at least; no object has one by force."""
    rows, (boxes, kinds) = _rows(12, seed=seed), _objects(most, seed=seed)
    rows.boxes[1, 9:] = 0.0
    means = []
    for image, there in ((0, 12), (1, 9)):
        losses = []
        for place in range(there):
            shares = overlaps(rows.boxes[image, place : place + 1], boxes[image])[0]
            shares = torch.where(kinds[image] >= 0, shares, -1.0)
            best = int(shares.argmax()) if most else -1
            found = most > 0 and float(shares[best]) >= 0.5
            losses.append(
                _one(
                    rows.scores[image, place],
                    rows.offsets[image, place],
                    rows.boxes[image, place],
                    kind=int(kinds[image, best]) + 1 if found else 0,
                    target=boxes[image, best] if found else None,
                )
            )
        means.append(torch.stack(losses).mean())
    torch.testing.assert_close(second_loss(rows, boxes, kinds), torch.stack(means).mean())


@given(st.integers(0, 2**31), st.integers(0, 4))
@settings(deadline=None)
def test_the_first_stage(seed: int, most: int) -> None:
    """Object from .7 on, background below .3, every object its best anchor by force; here all of them are drawn."""
    rows, (boxes, kinds) = _rows(30, seed=seed, classes=1, own=False), _objects(most, seed=seed)
    means = []
    for image in range(2):
        there = [place for place in range(most) if kinds[image, place] >= 0]
        shares = overlaps(rows.boxes[image], boxes[image])
        forced = {int(shares[:, place].argmax()): place for place in there if shares[:, place].max() > 0}
        losses = []
        for place in range(30):
            best = max(there, key=lambda one: float(shares[place, one]), default=None)
            share = 0.0 if best is None else float(shares[place, best])
            match = forced.get(place, best if share >= 0.7 else None)
            if match is None and share >= 0.3:
                continue
            parts = rows.scores[image, place], rows.offsets[image, place], rows.boxes[image, place]
            target = None if match is None else boxes[image, match]
            losses.append(_one(*parts, kind=int(match is not None), target=target))
        means.append(torch.stack(losses).mean() if losses else torch.tensor(0.0))
    torch.testing.assert_close(first_loss(rows, boxes, kinds), torch.stack(means).mean())


def test_of_many_anchors_a_few_are_drawn_and_the_seed_says_which() -> None:
    rows, (boxes, kinds) = _rows(3000, seed=0, classes=1, own=False), _objects(3, seed=0)
    rows.scores.requires_grad_()

    def looked(seed: int) -> Tensor:
        torch.manual_seed(seed)
        (slope,) = torch.autograd.grad(first_loss(rows, boxes, kinds), rows.scores)
        return slope.abs().sum(-1) > 0

    assert looked(0).sum(1).tolist() == [256, 256]
    assert torch.equal(looked(0), looked(0))
    assert not torch.equal(looked(0), looked(1))


@pytest.mark.parametrize("most", [0, 2])
def test_photographs_on_which_nothing_stands(most: int) -> None:
    boxes, kinds = torch.zeros(2, most, 4), torch.full((2, most), -1)
    rows = _rows(8, seed=0)
    expected = F.cross_entropy(rows.scores.flatten(0, 1), torch.zeros(16, dtype=torch.int64))
    torch.testing.assert_close(second_loss(rows, boxes, kinds), expected)
    rows.boxes.zero_()
    assert second_loss(rows, boxes, kinds) == 0
