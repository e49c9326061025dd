"""The best overlap of every box against torchvision's, group by group."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchvision.ops import box_iou

from mobilenets.maths import overlaps
from mobilenets.maths.overlaps import best_overlaps


def _boxes(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    low = random.integers(0, 8, (count, 2))
    return np.hstack([low, low + random.integers(1, 8, (count, 2))]).astype(np.float64)


@st.composite
def _two(draw: st.DrawFn) -> tuple[Any, ...]:
    random = np.random.default_rng(draw(st.integers(0, 9999)))
    count, others, groups = (draw(st.integers(0, 30)), draw(st.integers(0, 30)), draw(st.integers(1, 6)))
    return (
        _boxes(random, count),
        random.integers(0, groups, count),
        _boxes(random, others),
        random.integers(0, groups, others),
    )


@given(two=_two(), pairs=st.sampled_from([1, 7, 1 << 20]))
def test_it_is_torchvision_s(two: tuple[Any, ...], pairs: int) -> None:
    """However many pairs are held at a time."""
    boxes, groups, others, other_groups = two
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlaps, "_PAIRS", pairs)
        found = best_overlaps(boxes, groups, others, other_groups)
    every = box_iou(torch.from_numpy(boxes), torch.from_numpy(others)).numpy()
    every = np.where(groups[:, None] == other_groups, every, -1.0)
    none = ~(every >= 0).any(axis=1) if len(others) else np.ones(len(boxes), dtype=np.bool_)
    assert (found.places[none] == -1).all()
    assert (found.shares[none] == 0).all()
    if len(others):
        np.testing.assert_allclose(found.shares[~none], every.max(axis=1)[~none])
        np.testing.assert_array_equal(found.places[~none], every.argmax(axis=1)[~none])


def test_inside_is_the_share_of_the_box_itself() -> None:
    box, crowd = np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 100, 100]])
    group = np.zeros(1, dtype=np.int64)
    assert best_overlaps(box, group, crowd, group, inside=True).shares == [0.5]
    assert best_overlaps(crowd, group, box, group, inside=True).shares == [pytest.approx(50 / 9500)]


def test_a_box_without_an_area_overlaps_nothing() -> None:
    box = np.array([[3.0, 3, 3, 9]])
    group = np.zeros(1, dtype=np.int64)
    for inside in (False, True):
        assert best_overlaps(box, group, box, group, inside=inside).shares == [0]
