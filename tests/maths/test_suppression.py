"""Suppression against the rule applied class by class, one box after another."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mobilenets.maths.boxes import overlaps
from mobilenets.maths.suppression import suppressed


def _some(seed: int, *, count: int, kinds: int, own: bool) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    shape = (count, kinds if own else 1)
    corner, sides = torch.rand(*shape, 2, generator=random), 0.2 + torch.rand(*shape, 2, generator=random)
    return torch.cat([corner, corner + sides], -1), torch.rand(count, kinds, generator=random)


def _by_hand(boxes: Tensor, scores: Tensor, *, limit: int, threshold: float, overlap: float) -> list[tuple[int, int]]:
    """Places of box and kind, of all pairs at once."""
    pairs = [(place, kind) for place in range(len(scores)) for kind in range(scores.shape[1])]
    pairs = [pair for pair in pairs if scores[pair] > threshold]
    kept: list[tuple[int, int]] = []
    for place, kind in sorted(pairs, key=lambda pair: -float(scores[pair])):
        own = boxes[place, kind if boxes.shape[1] > 1 else 0]
        rivals = [boxes[one, other if boxes.shape[1] > 1 else 0] for one, other in kept if other == kind]
        if not rivals or overlaps(own[None], torch.stack(rivals)).max() <= overlap:
            kept.append((place, kind))
    return kept[:limit]


@given(
    seed=st.integers(0, 2**31),
    count=st.integers(0, 25),
    kinds=st.integers(1, 4),
    own=st.booleans(),
    candidates=st.sampled_from([1, 3, 1000]),
    limit=st.integers(1, 40),
)
def test_what_stays_is_what_the_rule_leaves(
    seed: int, count: int, kinds: int, own: bool, candidates: int, limit: int
) -> None:
    """However few candidates are looked at first."""
    boxes, scores = _some(seed, count=count, kinds=kinds, own=own)
    settings = {"limit": limit, "threshold": 0.2, "overlap": 0.5}
    kept = suppressed(boxes, scores, candidates=candidates, **settings)
    expected = _by_hand(boxes, scores, **settings)
    assert kept.kinds.tolist() == [kind for _, kind in expected]
    assert kept.scores.tolist() == [scores[pair].item() for pair in expected]
    assert kept.boxes.tolist() == [boxes[place, kind if own else 0].tolist() for place, kind in expected]


def test_boxes_of_different_kinds_stay_beside_each_other() -> None:
    box = torch.tensor([[[0.0, 0.0, 1.0, 1.0]]]).expand(2, 1, 4)
    scores = torch.tensor([[0.9, 0.0], [0.8, 0.7]])
    kept = suppressed(box, scores, limit=10, threshold=0.0, overlap=0.6)
    assert (kept.kinds.tolist(), kept.scores.tolist()) == ([0, 1], [scores[0, 0].item(), scores[1, 1].item()])


def test_nothing_is_left_of_nothing() -> None:
    kept = suppressed(torch.zeros(4, 1, 4), torch.zeros(4, 2), limit=10, threshold=0.0, overlap=0.6)
    assert kept.boxes.shape == (0, 4) and len(kept.kinds) == len(kept.scores) == 0


@given(seed=st.integers(0, 2**31), each=st.integers(1, 6))
def test_of_one_kind_only_so_many_may_stay(seed: int, each: int) -> None:
    boxes, scores = _some(seed, count=20, kinds=3, own=True)
    settings = {"threshold": 0.0, "overlap": 0.5}
    kept = suppressed(boxes, scores, limit=10, each=each, candidates=4, **settings)
    every = _by_hand(boxes, scores, limit=60, **settings)
    ranked = [pair for place, pair in enumerate(every) if [kind for _, kind in every[:place]].count(pair[1]) < each]
    assert kept.scores.tolist() == [scores[pair].item() for pair in ranked[:10]]
