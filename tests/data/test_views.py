"""Random views of photographs, and the scaling of what they show."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mobilenets.data.decode import decode
from mobilenets.data.preprocess import Box
from mobilenets.data.views import (
    ASPECT,
    BRIGHTNESS,
    SATURATION,
    Distortion,
    View,
    cut,
    generator,
    random_view,
    shrink,
)

lengths = st.integers(1, 2000)
indices = st.integers(0, 2**40)


def noise(height: int, width: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """A photograph as the cache gives it: nobody may write to it."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels.flags.writeable = False
    return pixels


def pillow(pixels: NDArray[np.uint8], box: Box, *, height: int, width: int) -> NDArray[np.uint8]:
    edges = (box.left, box.top, box.left + box.width, box.top + box.height)
    return np.asarray(Image.fromarray(pixels).crop(edges).resize((width, height), Image.Resampling.BILINEAR))


@given(height=lengths, width=lengths, min_area=st.floats(0.01, 1.0), index=indices)
def test_a_view_lies_inside_and_keeps_to_its_limits(height: int, width: int, min_area: float, index: int) -> None:
    random = generator(seed=3, epoch=1, index=index)
    view = random_view(height, width, Distortion(min_area=min_area, mirror=True, colour=True), random)
    box = view.box
    assert 0 <= box.top <= box.top + box.height <= height
    assert 0 <= box.left <= box.left + box.width <= width
    assert box.height >= 1
    assert box.width >= 1
    # Each side is within half a pixel of one that keeps the limits; a photograph one pixel high has no such sides.
    assert (box.width + 0.5) / (box.height - 0.5) >= ASPECT[0]
    assert (box.width - 0.5) / (box.height + 0.5) <= ASPECT[1]
    if ASPECT[0] <= width / height <= ASPECT[1]:
        assert (box.height + 0.5) * (box.width + 0.5) >= min_area * height * width
    assert -BRIGHTNESS <= view.brightness <= BRIGHTNESS
    assert SATURATION[0] <= view.saturation <= SATURATION[1]


@pytest.mark.parametrize(
    ("height", "width", "box"),
    [
        (300, 300, Box(0, 0, 300, 300)),
        (300, 400, Box(0, 0, 300, 400)),
        (100, 1000, Box(0, 433, 100, 133)),
        (1000, 100, Box(433, 0, 133, 100)),
        (1, 500, Box(0, 249, 1, 1)),
        (1, 1, Box(0, 0, 1, 1)),
    ],
)
def test_where_no_crop_fits_the_largest_in_the_middle_is_taken(height: int, width: int, box: Box) -> None:
    whole = Distortion(min_area=1.0, mirror=False, colour=False)
    views = {random_view(height, width, whole, generator(seed=0, epoch=0, index=one)).box for one in range(20)}
    assert box in views


def test_views_are_spread_over_the_photograph_its_areas_and_its_aspects() -> None:
    distortion = Distortion(min_area=0.25, mirror=True, colour=True)
    views = [random_view(300, 300, distortion, generator(seed=1, epoch=0, index=one)) for one in range(2000)]
    areas = np.array([view.box.height * view.box.width / 90000 for view in views])
    aspects = np.array([view.box.width / view.box.height for view in views])
    tops = np.array([view.box.top / max(300 - view.box.height, 1) for view in views])
    lefts = np.array([view.box.left / max(300 - view.box.width, 1) for view in views])
    assert 0.24 < areas.min() < 0.27
    assert areas.max() > 0.95
    assert aspects.min() < 0.78
    assert aspects.max() > 1.29
    assert abs(np.log(aspects).mean()) < 0.01
    assert abs(tops.mean() - 0.5) < 0.03
    assert abs(lefts.mean() - 0.5) < 0.03
    assert 0.46 < np.mean([view.mirrored for view in views]) < 0.54
    assert abs(np.mean([view.brightness for view in views])) < 2
    assert np.std([view.brightness for view in views]) == pytest.approx(BRIGHTNESS / math.sqrt(3), rel=0.05)
    assert np.mean([view.saturation for view in views]) == pytest.approx(1, abs=0.02)


def test_what_is_not_wanted_is_not_done() -> None:
    plain = Distortion(min_area=0.5, mirror=False, colour=False)
    for one in range(50):
        view = random_view(90, 120, plain, generator(seed=0, epoch=0, index=one))
        assert view == View(view.box, mirrored=False, brightness=0.0, saturation=1.0)


@given(seed=st.integers(0, 2**32 - 1), epoch=st.integers(0, 2**32 - 1), index=st.integers(0, 2**64 - 1))
def test_random_numbers_belong_to_seed_epoch_and_index(seed: int, epoch: int, index: int) -> None:
    def first(seed: int, epoch: int, index: int) -> list[int]:
        return generator(seed=seed, epoch=epoch, index=index).integers(2**63, size=2).tolist()

    here = first(seed, epoch, index)
    assert first(seed, epoch, index) == here
    assert first(seed ^ 1, epoch, index) != here
    assert first(seed, epoch ^ 1, index) != here
    assert first(seed, epoch, index ^ 1) != here
    if seed != epoch:
        assert first(epoch, seed, index) != here


def test_a_view_is_the_same_on_every_machine() -> None:
    # A run that is resumed with another numpy goes on with the same views.
    distortion = Distortion(min_area=0.25, mirror=True, colour=True)
    view = random_view(375, 500, distortion, generator(seed=7, epoch=2, index=11))
    assert view == View(
        Box(top=87, left=130, height=221, width=255),
        mirrored=False,
        brightness=pytest.approx(-13.051600892789402),
        saturation=pytest.approx(0.8497245784317459),
    )


@pytest.mark.parametrize(
    ("height", "width", "box", "to"),
    [
        (60, 80, Box(0, 0, 60, 80), (32, 32)),
        (60, 80, Box(11, 23, 37, 41), (32, 24)),
        (60, 80, Box(11, 23, 37, 41), (96, 128)),
        (60, 80, Box(59, 0, 1, 80), (16, 16)),
        (60, 80, Box(0, 79, 60, 1), (16, 16)),
        (1, 500, Box(0, 0, 1, 500), (8, 8)),
        (1, 1, Box(0, 0, 1, 1), (8, 8)),
        (500, 400, Box(3, 5, 490, 390), (1, 1)),
    ],
)
def test_a_cut_is_scaled_as_pillow_does(height: int, width: int, box: Box, to: tuple[int, int]) -> None:
    pixels = noise(height, width)
    part = cut(pixels, box, height=to[0], width=to[1])
    expected = pillow(pixels, box, height=to[0], width=to[1])
    assert part.dtype == np.uint8
    assert part.flags.c_contiguous
    assert np.abs(part.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("to", [(32, 24), (96, 128), (37, 41)])
def test_a_bicubic_cut_is_scaled_as_pillow_does(to: tuple[int, int]) -> None:
    """Also where it overshoots: black beside white must not turn over."""
    pixels = np.where(noise(60, 80) > 127, 255, 0).astype(np.uint8)
    box = Box(11, 23, 37, 41)
    part = cut(pixels, box, height=to[0], width=to[1], interpolation="bicubic")
    scaled = Image.fromarray(pixels[11:48, 23:64]).resize((to[1], to[0]), Image.Resampling.BICUBIC)
    assert part.dtype == np.uint8
    assert part.flags.c_contiguous
    assert np.abs(part.astype(int) - np.asarray(scaled)).max() <= 1
    if to != (37, 41):
        assert np.abs(part.astype(int) - cut(pixels, box, height=to[0], width=to[1])).max() > 5


def test_real_photographs_are_scaled_as_pillow_does(shared_data: Path) -> None:
    file = next((shared_data / "coco_mini" / "val2017").glob("*.jpg"))
    pixels = decode(file.read_bytes())
    height, width = pixels.shape[:2]
    for index in range(10):
        box = random_view(height, width, Distortion(0.1, False, False), generator(seed=0, epoch=0, index=index)).box
        part = cut(pixels, box, height=160, width=160)
        assert np.abs(part.astype(int) - pillow(pixels, box, height=160, width=160)).max() <= 1


def test_a_cut_that_needs_no_scaling_is_the_part_itself() -> None:
    pixels = noise(40, 50)
    assert np.array_equal(cut(pixels, Box(3, 7, 16, 24), height=16, width=24), pixels[3:19, 7:31])
    assert np.shares_memory(cut(pixels, Box(0, 0, 40, 50), height=40, width=50), pixels)


@pytest.mark.parametrize(
    ("height", "width", "shape"),
    [
        (300, 400, (96, 128, 3)),
        (400, 300, (128, 96, 3)),
        (97, 1000, (96, 990, 3)),
        (1000, 97, (990, 96, 3)),
        (100000, 100, (96000, 96, 3)),
    ],
)
def test_shrinking_keeps_the_aspect(height: int, width: int, shape: tuple[int, int, int]) -> None:
    assert shrink(noise(height, width), side=96).shape == shape


@given(height=st.integers(1, 300), width=st.integers(1, 300), side=st.integers(1, 300))
def test_shrinking_never_enlarges(height: int, width: int, side: int) -> None:
    pixels = noise(height, width)
    small = shrink(pixels, side=side)
    if min(height, width) <= side:
        assert small is pixels
    else:
        assert min(small.shape[:2]) == side
        assert max(small.shape[:2]) == pytest.approx(max(height, width) * side / min(height, width), abs=0.5)


# --- TensorFlow's resize_bilinear ---


def test_tensorflow_s_bilinear_by_hand() -> None:
    """Corners are not aligned and places not centred: column i shows i * 2/4 of the way, the last has no neighbour."""
    photograph = np.zeros((1, 2, 3), dtype=np.uint8)
    photograph[0, 1] = (10, 100, 200)
    wider = cut(photograph, Box(0, 0, 1, 2), height=1, width=4, interpolation="tf_bilinear")
    assert wider[0, :, 0].tolist() == [0, 5, 10, 10]
    assert wider[0, :, 2].tolist() == [0, 100, 200, 200]


def test_tensorflow_s_bilinear_leaves_pixels_out_where_the_other_averages_them() -> None:
    """Scaling stripes of one pixel to a quarter: every place lies on a black stripe."""
    stripes = np.zeros((16, 16, 3), dtype=np.uint8)
    stripes[:, 1::2] = 255
    whole = Box(0, 0, 16, 16)
    assert cut(stripes, whole, height=4, width=4, interpolation="tf_bilinear").max() == 0
    assert cut(stripes, whole, height=4, width=4).min() > 60


@given(height=st.integers(1, 9), width=st.integers(1, 9), tall=st.integers(1, 20), wide=st.integers(1, 20))
def test_tensorflow_s_bilinear_stays_inside_the_photograph(height: int, width: int, tall: int, wide: int) -> None:
    photograph = np.random.default_rng(height * 10 + width).integers(40, 200, (height, width, 3), dtype=np.uint8)
    scaled = cut(photograph, Box(0, 0, height, width), height=tall, width=wide, interpolation="tf_bilinear")
    assert scaled.flags.c_contiguous  # the cache writes it as it lies
    assert scaled.shape == (tall, wide, 3)
    assert scaled.min() >= photograph.min() and scaled.max() <= photograph.max()
    assert (scaled[0, 0] == photograph[0, 0]).all()
