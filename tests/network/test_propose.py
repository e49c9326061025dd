"""Proposals against the rule applied one box after another, and what is drawn of them to learn from."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mobilenets.architecture.layer import Grid, Layer
from mobilenets.maths.boxes import default_boxes, has_area, moved, overlaps
from mobilenets.network.propose import Propose, chosen

GRID = Grid((3, 4), ((0.3, 0.3), (0.6, 0.4)))
LAYER = Layer(
    name="proposals",
    op="propose",
    inputs=("scores", "offsets"),
    in_channels=4,
    out_channels=4,
    in_size=GRID.size,
    out_size=(10, 1),
    grids=(GRID,),
)


def _maps(seed: int, *, images: int = 2) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(images, 4, 3, 4, generator=random), 5 * torch.randn(images, 8, 3, 4, generator=random)


def _by_hand(scores: Tensor, offsets: Tensor, *, count: int) -> list[Tensor]:
    """Of one image's maps: anchor by anchor, then the likeliest first, each that covers none before it by over .7."""
    anchors = default_boxes([GRID]).clamp(0, 1)
    found = []
    for number, anchor in enumerate(anchors):
        place, shape = divmod(number, 2)
        row, column = divmod(place, 4)
        told = scores[2 * shape : 2 * shape + 2, row, column].softmax(0)[1]
        box = moved(anchor, offsets[4 * shape : 4 * shape + 4, row, column]).clamp(0, 1)
        if (box[2:] - box[:2] >= 1e-3).all():
            found.append((float(told), box))
    kept: list[Tensor] = []
    for _, box in sorted(found, key=lambda pair: -pair[0]):
        if not kept or overlaps(box[None], torch.stack(kept)).max() <= 0.7:
            kept.append(box)
    return kept[:count]


@given(st.integers(0, 2**31), st.sampled_from([1, 5, 24]))
def test_proposals_are_what_the_rule_leaves_filled_up(seed: int, count: int) -> None:
    scores, offsets = _maps(seed)
    proposals = Propose(replace(LAYER, out_size=(count, 1)))(scores, offsets)
    assert proposals.shape == (2, count, 4)
    for image in range(2):
        expected = _by_hand(scores[image], offsets[image], count=count)
        torch.testing.assert_close(proposals[image, : len(expected)], torch.stack(expected))
        assert not proposals[image, len(expected) :].any()


def test_boxes_too_thin_to_show_anything_are_none() -> None:
    scores, offsets = torch.zeros(1, 4, 3, 4), torch.zeros(1, 8, 3, 4)
    offsets[:, 3::4] = -60.0  # a side of an anchor times exp(-12)
    proposals = Propose(LAYER)(scores, offsets)
    assert not proposals.any() and not has_area(proposals).any()


def test_proposals_are_constants() -> None:
    scores, offsets = (one.requires_grad_() for one in _maps(0))
    assert not Propose(LAYER)(scores, offsets).requires_grad
    assert Propose(LAYER).rows(scores, offsets).requires_grad


def test_rows_are_the_anchors_with_what_is_said_of_them() -> None:
    """Place (1, 2), second shape: row (1 * 4 + 2) * 2 + 1."""
    scores, offsets = _maps(3)
    rows = Propose(LAYER).rows(scores, offsets)
    row = rows[:, (1 * 4 + 2) * 2 + 1]
    assert rows.shape == (2, 24, 10)
    assert (row[:, :2] == scores[:, 2:4, 1, 2]).all() and (row[:, 2:6] == offsets[:, 4:8, 1, 2]).all()
    assert (rows[..., 6:] >= 0).all() and (rows[..., 6:] <= 1).all()


def test_anchors_are_no_weights() -> None:
    assert not Propose(LAYER).state_dict()


def _boxes(*shape: int, seed: int) -> Tensor:
    ends = torch.rand(*shape, 2, 2, generator=torch.Generator().manual_seed(seed)).sort(-2).values
    return torch.cat([ends[..., 0, :], ends[..., 1, :]], -1)


@given(st.integers(0, 2**31), st.integers(0, 3))
def test_a_quarter_of_the_boxes_to_learn_from_show_an_object(seed: int, most: int) -> None:
    proposals, boxes = _boxes(2, 200, seed=seed), _boxes(2, most, seed=seed + 1)
    present = torch.rand(2, most, generator=torch.Generator().manual_seed(seed)) < 0.7
    torch.manual_seed(seed)
    drawn = chosen(proposals, boxes, present)
    assert drawn.shape == (2, 64, 4) and has_area(drawn).all()
    for image in range(2):
        own = boxes[image][present[image]]
        every = torch.cat([proposals[image], own])
        assert {tuple(one) for one in drawn[image].tolist()} <= {tuple(one) for one in every.tolist()}
        if len(own):
            positive = (overlaps(drawn[image], own) >= 0.5).any(1).sum()
            assert positive == min(16, (overlaps(every, own) >= 0.5).any(1).sum())


def test_the_objects_themselves_are_among_the_boxes_to_learn_from() -> None:
    """Where proposals are not yet worth anything."""
    proposals = torch.tensor([[[0.0, 0.0, 0.1, 0.1]]]).expand(1, 100, 4)
    drawn = chosen(proposals, torch.tensor([[[0.4, 0.4, 0.9, 0.8], [0.0] * 4]]), torch.tensor([[True, False]]))
    assert (drawn == torch.tensor([0.4, 0.4, 0.9, 0.8])).all(2).sum() == 1
    assert has_area(drawn).all()


def test_boxes_without_an_area_are_not_learnt_from() -> None:
    proposals = torch.zeros(1, 100, 4)
    proposals[0, 7] = torch.tensor([0.2, 0.2, 0.4, 0.4])
    drawn = chosen(proposals, torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.bool))
    assert drawn.shape == (1, 64, 4)
    assert has_area(drawn).sum() == 1 and (drawn[0, 0] == proposals[0, 7]).all()


@pytest.mark.parametrize("kind", [-1, 0])
def test_the_guide_says_which_objects_there_are(kind: int) -> None:
    scores, offsets = _maps(1, images=1)
    guide = {"boxes": torch.tensor([[[0.1, 0.2, 0.35, 0.97]]]), "kinds": torch.tensor([[kind]])}
    drawn = Propose(LAYER)(scores, offsets, guide)
    assert (drawn == guide["boxes"]).all(2).any() == (kind >= 0)


def test_the_seed_decides_which_are_learnt_from() -> None:
    proposals, nothing = _boxes(1, 200, seed=0), (torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.bool))
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(chosen(proposals, *nothing))
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])
