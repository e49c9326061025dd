"""Matching against a loop over boxes and objects."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mobilenets.maths.boxes import overlaps
from mobilenets.maths.matching import NEITHER, NOTHING, matches


def _boxes(count: int, random: torch.Generator) -> Tensor:
    corner, sides = torch.rand(count, 2, generator=random), 0.1 + torch.rand(count, 2, generator=random)
    return torch.cat([corner, corner + sides], 1)


def _by_hand(boxes: Tensor, objects: Tensor, present: Tensor, *, at_least: float, below: float) -> list[int]:
    shares = overlaps(boxes, objects)
    found = []
    for row in shares:
        there = [place for place in range(len(objects)) if present[place]]
        best = max(there, key=lambda place: float(row[place]), default=None)
        share = float(row[best]) if best is not None else 0.0
        found.append(best if best is not None and share >= at_least else NOTHING if share < below else NEITHER)
    for place in range(len(objects)):
        if present[place] and shares[:, place].max() > 0:
            found[int(shares[:, place].argmax())] = place
    return found


@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(0, 6), st.sampled_from([(0.5, 0.5), (0.7, 0.3)]))
def test_matches_are_those_of_a_loop(seed: int, count: int, most: int, limits: tuple[float, float]) -> None:
    random = torch.Generator().manual_seed(seed)
    boxes = _boxes(count, random)
    objects = torch.stack([_boxes(most, random) for _ in range(2)])
    present = torch.rand(2, most, generator=random) < 0.7
    at_least, below = limits
    found = matches(boxes, objects, present, at_least=at_least, below=None if below == at_least else below)
    for row in range(2):
        assert found.expand(2, -1)[row].tolist() == _by_hand(
            boxes, objects[row], present[row], at_least=at_least, below=below
        )


def test_every_object_has_a_box_however_small_it_is() -> None:
    boxes = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]])
    small = torch.tensor([[[0.6, 0.6, 0.62, 0.62], [0.0, 0.0, 0.5, 0.5]]])
    assert matches(boxes, small, torch.tensor([[True, True]]), at_least=0.5).tolist() == [[1, 0]]


def test_of_objects_that_want_the_same_box_the_last_has_it() -> None:
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    two = torch.tensor([[[0.0, 0.0, 0.9, 1.0], [0.0, 0.0, 0.3, 0.3]]])
    assert matches(boxes, two, torch.tensor([[True, True]]), at_least=0.5).tolist() == [[1]]


def test_what_fills_up_a_batch_matches_nothing() -> None:
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    assert matches(boxes, boxes[None], torch.tensor([[False]]), at_least=0.5).tolist() == [[NOTHING]]


def test_without_force_an_object_may_have_no_box() -> None:
    boxes = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]])
    small = torch.tensor([[[0.6, 0.6, 0.62, 0.62], [0.0, 0.0, 0.5, 0.5]]])
    there = torch.tensor([[True, True]])
    assert matches(boxes, small, there, at_least=0.5, forced=False).tolist() == [[1, NOTHING]]
