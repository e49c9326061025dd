import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenets.reporting.pictures import thumbnail


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_a_photograph_becomes_a_small_jpeg(shared_data: Path) -> None:
    photograph = np.asarray(Image.open(next((shared_data / "hymenoptera" / "val" / "bees").glob("*.jpg"))))
    uri = thumbnail(photograph, side=160)
    small = opened(uri)
    assert uri.startswith("data:image/jpeg;base64,")
    assert len(uri) < 20_000
    assert max(small.size) == 160
    expected = Image.fromarray(photograph).resize(small.size, Image.Resampling.LANCZOS)
    assert np.abs(np.asarray(small, dtype=float) - np.asarray(expected, dtype=float)).mean() < 6


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (32, 20, 3)])
def test_a_tiny_picture_keeps_its_pixels(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    uri = thumbnail(pixels, side=160)
    large = np.asarray(opened(uri))
    times = large.shape[0] // shape[0]
    assert uri.startswith("data:image/png;base64,")
    assert max(large.shape) == 160
    assert (large[::times, ::times] == pixels).all()


def test_a_very_long_picture_still_has_a_pixel() -> None:
    assert opened(thumbnail(np.zeros((2, 4000, 3), np.uint8))).size == (160, 1)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4,), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        thumbnail(pixels)
