"""Boxes against torchvision's and by hand; offsets there and back."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import box_iou

from mobilenets.architecture.detectors.names import detector
from mobilenets.architecture.layer import Grid
from mobilenets.maths.boxes import centred, cornered, default_boxes, moved, offsets_to, overlaps


def _boxes(count: int, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    corner, sides = torch.rand(count, 2, generator=random), torch.rand(count, 2, generator=random) + 0.01
    return torch.cat([corner, corner + sides], 1)


def test_default_boxes_go_map_by_map_row_by_row_shape_by_shape() -> None:
    grids = (Grid((1, 2), ((0.5, 0.25), (0.1, 0.2))), Grid((1, 1), ((1.0, 1.0),)))
    expected = [
        [0.125, 0.25, 0.375, 0.75],
        [0.15, 0.45, 0.35, 0.55],
        [0.625, 0.25, 0.875, 0.75],
        [0.65, 0.45, 0.85, 0.55],
        [0.0, 0.0, 1.0, 1.0],
    ]
    torch.testing.assert_close(default_boxes(grids), torch.tensor(expected))


def test_the_authors_default_boxes() -> None:
    """1,917 of them, the first in the middle of the first of 19 x 19 places."""
    boxes = default_boxes([one.grid for one in detector("ssd_mobilenet_v1_1.0_300").predictors])
    assert boxes.shape == (1917, 4)
    middle, side = 0.5 / 19, 0.1
    expected = [middle - side / 2, middle - side / 2, middle + side / 2, middle + side / 2]
    assert boxes[0].tolist() == pytest.approx(expected)
    torch.testing.assert_close(
        boxes[-1], torch.tensor([0.5, 0.5, 0.5, 0.5]) + 0.97468 * torch.tensor([-0.5, -0.5, 0.5, 0.5])
    )


@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_offsets_move_one_box_onto_another(one: int, other: int) -> None:
    boxes, others = _boxes(20, one), _boxes(20, other)
    torch.testing.assert_close(moved(boxes, offsets_to(boxes, others)), others, atol=1e-5, rtol=1e-5)


def test_the_authors_coder_by_hand() -> None:
    """Half a side down, a quarter of a side to the left, twice as tall, as wide as before."""
    box, other = torch.tensor([0.2, 0.2, 0.6, 0.4]), torch.tensor([0.1, 0.2, 0.5, 0.6])
    expected = [10 * 0.5, 10 * -0.25, 5 * math.log(2), 0.0]
    assert offsets_to(box, other).tolist() == pytest.approx(expected, abs=1e-5)


def test_no_offset_gives_a_box_that_is_not_finite() -> None:
    assert moved(_boxes(3, 0), torch.full((3, 4), 1e6)).isfinite().all()
    assert offsets_to(torch.zeros(1, 4), torch.zeros(1, 4)).isfinite().all()


@given(st.integers(0, 2**31), st.integers(0, 9), st.integers(0, 9))
def test_overlaps_are_torchvision_s(seed: int, count: int, others: int) -> None:
    boxes, against = _boxes(count, seed), _boxes(others, seed + 1)
    torch.testing.assert_close(overlaps(boxes, against), box_iou(boxes, against))
    several = torch.stack([against, against.flip(0)])
    torch.testing.assert_close(overlaps(boxes, several)[1], box_iou(boxes, against.flip(0)))


def test_a_box_of_no_area_overlaps_nothing() -> None:
    flat = torch.tensor([[0.1, 0.1, 0.1, 0.5], [0.5, 0.5, 0.4, 0.4]])
    assert (overlaps(flat, torch.cat([flat, torch.tensor([[0.0, 0.0, 1.0, 1.0]])])) == 0).all()


def test_centre_and_sides_there_and_back() -> None:
    torch.testing.assert_close(centred(torch.tensor([0.1, 0.2, 0.5, 0.8])), torch.tensor([0.5, 0.3, 0.6, 0.4]))
    boxes = _boxes(50, seed=4)
    torch.testing.assert_close(cornered(centred(boxes)), boxes)
