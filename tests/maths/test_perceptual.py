"""The perceptual hash: what must not change it, what must, and its mirror image."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mobilenets.maths.perceptual import MIRROR, SIDE, PerceptualHash, perceptual_hash

Greys = NDArray[np.float64]


def _waves(seed: int) -> Greys:
    """Smooth greys with every low frequency in them, none of them near zero."""
    random = np.random.default_rng(seed)
    strength = random.uniform(20, 200, (8, 8)) * random.choice([-1, 1], (8, 8))
    frequency, place = np.arange(8)[:, None], np.arange(SIDE)[None, :]
    basis = np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE))
    return 128 + (basis.T @ strength @ basis) / 64


def _apart(first: PerceptualHash, second: PerceptualHash) -> int:
    return (first.bits ^ second.bits).bit_count()


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_mirroring_turns_the_bits_of_the_mirror_and_no_others(seed: int) -> None:
    greys = _waves(seed)
    assert perceptual_hash(greys[:, ::-1]).bits == perceptual_hash(greys).bits ^ MIRROR


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(-50, 50), st.floats(0.2, 3.0))
def test_brightness_and_contrast_change_nothing(seed: int, brighter: float, contrast: float) -> None:
    greys = _waves(seed)
    assert perceptual_hash(greys * contrast + brighter).bits == perceptual_hash(greys).bits


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_the_negative_has_all_other_bits(seed: int) -> None:
    greys = _waves(seed)
    assert perceptual_hash(greys).bits ^ perceptual_hash(255 - greys).bits == 2**63 - 1


def test_a_single_wave_sets_its_own_bit() -> None:
    """The bits stand row by row, the lowest frequencies first; a wave from left to right is in the first row."""
    along = np.cos(np.pi * 3 * (2 * np.arange(SIDE) + 1) / (2 * SIDE))
    greys = 128 + 50 * np.broadcast_to(along, (SIDE, SIDE))
    assert perceptual_hash(greys).bits >> (63 - 3) & 1
    assert not perceptual_hash(256 - greys).bits >> (63 - 3) & 1
    assert MIRROR >> (63 - 3) & 1
    assert not MIRROR >> (63 - 2) & 1


@pytest.mark.parametrize("greys", [np.full((SIDE, SIDE), 90.0), np.random.default_rng(0).normal(128, 3, (SIDE, SIDE))])
def test_what_shows_nothing_is_plain(greys: Greys) -> None:
    assert perceptual_hash(greys).plain
    assert not perceptual_hash(_waves(1)).plain


def _greys(image: Image.Image) -> Greys:
    small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, np.float64)


def test_photographs_keep_their_hash_when_compressed_or_scaled_and_differ_from_each_other(shared_data: Path) -> None:
    files = sorted((shared_data / "stanford_dogs300").glob("*/*.jpg"))[::10]
    images = [Image.open(file).convert("RGB") for file in files]
    hashes = [perceptual_hash(_greys(image)) for image in images]
    assert not any(one.plain for one in hashes)
    for image, own in zip(images, hashes, strict=True):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=30)
        again = Image.open(io.BytesIO(stream.getvalue()))
        smaller = image.resize((image.width // 2, image.height // 3))
        assert _apart(own, perceptual_hash(_greys(again))) <= 4
        assert _apart(own, perceptual_hash(_greys(smaller))) <= 4
    assert min(_apart(one, other) for place, one in enumerate(hashes) for other in hashes[:place]) > 8
