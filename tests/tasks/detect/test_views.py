"""SSD's crop and its photometric distortion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobilenets.data.preprocess import Box
from mobilenets.data.views import BRIGHTNESS, Distortion, Frame, View, generator
from mobilenets.tasks.detect.views import ASPECT, HUE, OVERLAPS, scene_view, ssd_box

lengths = st.integers(1, 600)
NOTHING = np.zeros((0, 4))
PLAIN = Distortion(min_area=0.1, mirror=False, colour=False)


def drawn(count: int, *, seed: int) -> NDArray[np.float64]:
    """Boxes as shares; each has an area."""
    random = np.random.default_rng(seed)
    ends = np.sort(random.random((count, 2, 2)), axis=1)
    return np.concatenate([ends[:, 0] * 0.95, ends[:, 1] * 0.95 + 0.05], 1)


def covered(box: Box, object_: NDArray[np.float64], *, height: int, width: int) -> tuple[float, bool]:
    """Which share of an object a box covers, and whether its middle is inside, written out."""
    left, top, right, bottom = object_ * [width, height, width, height]
    across = min(right, box.left + box.width) - max(left, box.left)
    along = min(bottom, box.top + box.height) - max(top, box.top)
    x, y = (left + right) / 2, (top + bottom) / 2
    inside = box.left <= x < box.left + box.width and box.top <= y < box.top + box.height
    return max(across, 0) * max(along, 0) / ((right - left) * (bottom - top)), inside


@given(height=lengths, width=lengths, aspect=st.floats(0.4, 2.5), count=st.integers(0, 5), index=st.integers(0, 2**40))
def test_a_crop_keeps_its_limits_and_shows_an_object(
    height: int, width: int, aspect: float, count: int, index: int
) -> None:
    objects = drawn(count, seed=index)
    frame = Frame(height, width, aspect)
    box = ssd_box(frame, objects, min_area=0.1, random=generator(seed=1, epoch=0, index=index))
    assert 0 <= box.top < box.top + box.height <= height
    assert 0 <= box.left < box.left + box.width <= width
    if box == Box(0, 0, height, width):
        return
    assert (box.width + 0.5) / max(box.height - 0.5, 0.1) >= ASPECT[0] * aspect
    assert max(box.width - 0.5, 0.1) / (box.height + 0.5) <= ASPECT[1] * aspect
    assert (box.width + 0.5) * (box.height + 0.5) >= 0.1 * height * width
    assert not count or any(covered(box, one, height=height, width=width)[1] for one in objects)


def test_how_much_of_an_object_is_covered_is_drawn_evenly() -> None:
    """One crop in seven covers all of a large object, another at least .9 of it, and so on."""
    objects = np.array([[0.3, 0.3, 0.8, 0.8]])
    boxes = [
        ssd_box(Frame(300, 400), objects, min_area=0.1, random=generator(seed=0, epoch=0, index=index))
        for index in range(3000)
    ]
    whole = Box(0, 0, 300, 400)
    crops = [box for box in boxes if box != whole]
    assert 0.13 < 1 - len(crops) / len(boxes) < 0.19  # .15, and where none of many crops will do
    shares = np.array([covered(box, objects[0], height=300, width=400)[0] for box in crops])
    for least in OVERLAPS:
        asked = sum(other >= least for other in OVERLAPS) / len(OVERLAPS)
        assert (shares >= least - 1e-9).mean() >= asked - 0.04
    assert shares.min() < 0.35  # a middle and little else
    areas = np.array([box.height * box.width / 120000 for box in crops])
    assert areas.min() < 0.13 and areas.max() > 0.9


def test_where_nothing_stands_any_crop_will_do() -> None:
    boxes = {
        ssd_box(Frame(300, 400), NOTHING, min_area=0.1, random=generator(seed=0, epoch=0, index=index))
        for index in range(50)
    }
    assert len(boxes) > 30


def test_a_photograph_that_is_to_be_seen_as_a_whole_is() -> None:
    for index in range(20):
        random = generator(seed=0, epoch=0, index=index)
        assert ssd_box(Frame(30, 40), NOTHING, min_area=1.0, random=random) == Box(0, 0, 30, 40)


def test_one_pixel() -> None:
    for index in range(20):
        random = generator(seed=0, epoch=0, index=index)
        assert ssd_box(Frame(1, 1), drawn(2, seed=0), min_area=0.1, random=random) == Box(0, 0, 1, 1)


def test_each_distortion_of_the_colours_is_done_to_every_other_photograph() -> None:
    distortion = Distortion(min_area=1.0, mirror=True, colour=True)
    views = [
        scene_view(Frame(30, 40), NOTHING, distortion, generator(seed=0, epoch=0, index=index)) for index in range(2000)
    ]
    found = np.array([(view.brightness, view.contrast, view.saturation, view.hue) for view in views], dtype=float)
    moved = (found - [0, 1, 1, 0]) / [BRIGHTNESS, 0.5, 0.5, HUE]
    assert (np.abs((moved == 0).mean(0) - 0.5) < 0.05).all()
    assert (np.abs(moved.mean(0)) < 0.05).all()
    assert (np.abs(np.abs(moved).max(0) - 1) < 0.01).all()
    assert np.abs(np.corrcoef((moved == 0).T) - np.eye(4)).max() < 0.1  # each for itself
    assert 0.46 < np.mean([view.mirrored for view in views]) < 0.54


def test_what_is_not_wanted_is_not_done() -> None:
    for index in range(30):
        view = scene_view(Frame(90, 120), drawn(2, seed=index), PLAIN, generator(seed=0, epoch=0, index=index))
        assert view == View(view.box)


def test_a_view_is_the_same_on_every_machine() -> None:
    distortion = Distortion(min_area=0.1, mirror=True, colour=True)
    boxes = np.array([[0.1, 0.2, 0.5, 0.9], [0.6, 0.1, 0.9, 0.4]])
    view = scene_view(Frame(375, 500), boxes, distortion, generator(seed=7, epoch=2, index=13))
    assert view == View(
        Box(top=56, left=61, height=292, width=404),
        mirrored=True,
        brightness=0.0,
        saturation=pytest.approx(0.7120552633164077),
        contrast=1.0,
        hue=pytest.approx(2.160216945221909),
    )
