"""What is kept of a photograph."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mobilenets.data.photos import BadImage
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.shapes import Centre, Whole, shaped

SHOWN = Preprocessing(resolution=64, crop=0.875)


def ramp(height: int, width: int) -> np.ndarray:
    """Red grows to the right, green downwards."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = np.linspace(0, 255, width)[None]
    pixels[:, :, 1] = np.linspace(0, 255, height)[:, None]
    return pixels


def test_whole_keeps_all_of_it_no_larger_than_asked() -> None:
    assert Whole(96)(ramp(200, 300)).shape == (96, 144, 3)
    small = ramp(50, 300)
    assert Whole(96)(small) is small
    assert Whole(96).side == 96


def test_centre_is_what_the_network_is_shown() -> None:
    pixels = Centre(SHOWN)(ramp(128, 256))
    assert pixels.shape == (64, 64, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    # The square of 112 pixels: 8 from the top and bottom, 72 from the left and right.
    assert pixels[0, 0, 0] == pytest.approx(72.5, abs=2)
    assert pixels[0, -1, 0] == pytest.approx(182.5, abs=2)
    assert pixels[0, 0, 1] == pytest.approx(255 * 8.5 / 127, abs=2)
    squashed = Centre(replace(SHOWN, squash=True))(ramp(128, 256))
    assert squashed[0, 0, 0] == pytest.approx(16.5, abs=3)
    assert squashed[0, -1, 0] == pytest.approx(238.5, abs=3)


def test_a_mirrored_photograph_is_shown_mirrored() -> None:
    pixels = ramp(75, 100)
    for shown in (replace(SHOWN, squash=True), SHOWN):
        there, here = Centre(shown)(pixels[:, ::-1]).astype(int), Centre(shown)(pixels)[:, ::-1]
        assert np.abs(there - here).max() <= (1 if shown.squash else 3)


def test_the_words_change_whenever_the_pixels_do_and_only_then() -> None:
    changed = (
        SHOWN,
        replace(SHOWN, resolution=65),
        replace(SHOWN, crop=0.8750001),
        replace(SHOWN, squash=True),
        replace(SHOWN, interpolation="bicubic"),
    )
    words = [str(Centre(shown)) for shown in changed] + [str(Whole(64)), str(Whole(65))]
    assert len(set(words)) == len(words)
    assert str(Centre(replace(SHOWN, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)))) == str(Centre(SHOWN))


@pytest.mark.parametrize("crop", [0.1, 0.25, 0.875, 1.0])
@pytest.mark.parametrize("squash", [False, True])
def test_a_jpeg_is_never_decoded_too_small_for_its_crop(crop: float, squash: bool) -> None:
    stream = io.BytesIO()
    Image.fromarray(ramp(1600, 2000)).save(stream, "JPEG", quality=95)
    shape = Centre(Preprocessing(resolution=32, crop=crop, squash=squash))
    decoded: list[tuple[int, ...]] = []

    class Looking(Centre):
        def __call__(self, photograph: np.ndarray) -> np.ndarray:
            decoded.append(photograph.shape)
            return Centre.__call__(self, photograph)

    pixels = shaped(stream.getvalue(), Looking(shape.preprocessing))
    assert pixels.shape == (32, 32, 3)
    assert min(decoded[0][:2]) * crop >= 32
    if crop >= 0.25:
        assert min(decoded[0][:2]) < 1600  # and yet smaller than it is: decoding that is several times faster
    exact = shape(np.asarray(Image.open(stream)))
    assert np.abs(pixels.astype(int) - exact).max() <= 4


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(BadImage, match="not an image"):
        shaped(b"hello", Whole(32))
