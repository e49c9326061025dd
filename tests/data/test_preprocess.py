"""What part of a photograph is evaluated, and the numbers that the network gets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

from mobilenets.data.decode import decode
from mobilenets.data.preprocess import Box, Preprocessing, central_box, scale
from mobilenets.data.shapes import Centre
from mobilenets.errors import UsageError
from mobilenets.settings import from_json

lengths = st.integers(1, 3000)
crops = st.floats(0.1, 1.0)


@pytest.mark.parametrize(
    ("height", "width", "crop", "squash", "box"),
    [
        (256, 341, 0.875, False, Box(16, 58, 224, 224)),
        (256, 341, 0.875, True, Box(16, 21, 224, 299)),  # TensorFlow's central_crop: 341 - 2 * int(21.3)
        (375, 500, 0.875, False, Box(23, 85, 329, 329)),
        (375, 500, 0.875, True, Box(23, 31, 329, 438)),
        (341, 256, 1.0, False, Box(42, 0, 256, 256)),
        (341, 256, 1.0, True, Box(0, 0, 341, 256)),
        (8, 8, 0.875, False, Box(0, 0, 8, 8)),
        (1, 9, 0.1, False, Box(0, 4, 1, 1)),
        (1, 9, 0.1, True, Box(0, 4, 1, 1)),
    ],
)
def test_the_central_box(height: int, width: int, crop: float, squash: bool, box: Box) -> None:
    assert central_box(height, width, Preprocessing(resolution=32, crop=crop, squash=squash)) == box


@given(height=lengths, width=lengths, crop=crops, squash=st.booleans())
def test_the_box_lies_in_the_middle_and_has_its_share(height: int, width: int, crop: float, squash: bool) -> None:
    box = central_box(height, width, Preprocessing(resolution=32, crop=crop, squash=squash))
    shares = (height, width) if squash else (min(height, width),) * 2
    for length, start, side, of in ((height, box.top, box.height, shares[0]), (width, box.left, box.width, shares[1])):
        assert start >= 0
        assert side >= 1
        assert abs(length - side - 2 * start) <= (0 if of == length else 1)
        assert -1e-9 < side - of * crop < 2  # the product is rounded
    assert squash or box.height == box.width


@given(
    height=st.integers(64, 1500),
    width=st.integers(64, 1500),
    resolution=st.sampled_from([64, 96, 128, 160, 192, 224]),
    crop=st.sampled_from([0.8, 0.875, 0.9, 1.0]),
)
def test_the_box_is_where_torchvision_crops_to_about_two_pixels(
    height: int, width: int, resolution: int, crop: float
) -> None:
    side, shorter = round(resolution / crop), min(height, width)
    tall, wide = int(side * height / shorter), int(side * width / shorter)  # torchvision's Resize
    top, left = round((tall - resolution) / 2), round((wide - resolution) / 2)  # its CenterCrop
    theirs = (
        *(edge * height / tall for edge in (top, top + resolution)),
        *(edge * width / wide for edge in (left, left + resolution)),
    )
    box = central_box(height, width, Preprocessing(resolution=resolution, crop=crop))
    ours = (box.top, box.top + box.height, box.left, box.left + box.width)
    coarser = max(shorter / side, 1)
    assert max(abs(one - other) for one, other in zip(ours, theirs, strict=True)) <= 2.5 * coarser


def shown(pixels: np.ndarray, crop: float, resolution: int) -> np.ndarray:
    """The same through torchvision's transforms on a Pillow image, as most people do it."""
    transform = v2.Compose([v2.Resize(round(resolution / crop)), v2.CenterCrop(resolution)])
    return np.asarray(transform(Image.fromarray(pixels)))


def test_real_photographs_look_as_torchvision_shows_them(shared_data: Path) -> None:
    files = sorted((shared_data / "hymenoptera" / "val").rglob("*.jpg"))[::8]
    assert len(files) >= 15
    aligned, others = [], []
    for file in files:
        pixels = decode(file.read_bytes())
        # 256 pixels on the shorter side: torchvision scales nothing, and cuts out the same.
        same = Centre(Preprocessing(resolution=224, crop=0.875))(pixels).astype(int) - shown(pixels, 0.875, 224)
        if min(pixels.shape[:2]) == 256:
            aligned.append(np.abs(same).max())
        scaled = Centre(Preprocessing(resolution=128, crop=0.875))(pixels).astype(int) - shown(pixels, 0.875, 128)
        others.append(np.abs(scaled).mean())
    assert len(aligned) >= 10
    assert max(aligned) == 0
    # Half a pixel aside, of 255 levels.
    assert np.mean(others) < 6


def test_minus_one_to_one_exactly() -> None:
    images = torch.tensor([0, 255, 51], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 3, 2, 2)
    scaled = scale(images, Preprocessing(resolution=2))
    assert scaled.dtype == torch.float32
    assert scaled[:, :, 0, 0].tolist() == [[-1.0] * 3, [1.0] * 3, pytest.approx([-0.6] * 3)]
    assert torch.equal(scale(images.float(), Preprocessing(resolution=2)), scaled)


def test_any_mean_and_std_by_channel_as_torchvision_normalises() -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    images = torch.randint(0, 256, (2, 3, 5, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = v2.Normalize(mean, std)(images.float() / 255)
    kept = images.clone()
    assert torch.allclose(scale(images, Preprocessing(resolution=4, mean=mean, std=std)), expected, atol=1e-6)
    floats = images.float()
    scale(floats, Preprocessing(resolution=4, mean=mean, std=std))
    assert torch.equal(images, kept)
    assert torch.equal(floats, kept.float())  # what comes as floats is not changed in place


def test_channels_last_stays() -> None:
    images = torch.zeros((2, 3, 8, 8), dtype=torch.uint8).contiguous(memory_format=torch.channels_last)
    assert scale(images, Preprocessing(resolution=8)).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"crop": 0.05}, "crop 0.05"),
        ({"crop": 1.01}, "crop 1.01"),
        ({"crop": float("nan")}, "crop nan"),
        ({"resolution": 0}, "resolution 0"),
        ({"std": (0.5, 0.0, 0.5)}, "std 0"),
        ({"std": (0.5, 0.5, -1.0)}, "std -1"),
        ({"std": (0.5, float("nan"), 0.5)}, "std nan"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError, match=f"^{named}.* is outside"):
        replace(Preprocessing(resolution=32), **change)  # type: ignore[arg-type]


def test_an_interpolation_that_is_none() -> None:
    with pytest.raises(UsageError, match="interpolation: 'lanczos' is not one of 'bilinear', 'bicubic'"):
        Preprocessing(resolution=32, interpolation="lanczos")  # type: ignore[arg-type]


def test_run_files_from_before_it_had_an_interpolation() -> None:
    stored = {"resolution": 96, "crop": 0.9, "squash": True, "mean": [0.5] * 3, "std": [0.5] * 3}
    assert from_json(Preprocessing, stored) == Preprocessing(resolution=96, crop=0.9, squash=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {},
            "central square of 0.875 of the shorter side, scaled to 224 x 224 (aspect kept), bilinear, "
            "values in [-1, 1]",
        ),
        (
            {"crop": 1.0, "interpolation": "bicubic", "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
            "central square of the shorter side, scaled to 224 x 224 (aspect kept), bicubic, "
            "mean 0.485/0.456/0.406, std 0.229/0.224/0.225 of values in [0, 1]",
        ),
        (
            {"squash": True, "interpolation": "tf_bilinear"},
            "central 0.875 of each side, squashed to 224 x 224 (as TF-Slim evaluates), tf_bilinear, values in [-1, 1]",
        ),
        ({"squash": True}, "central 0.875 of each side, squashed to 224 x 224, bilinear, values in [-1, 1]"),
        ({"squash": True, "crop": 0.9}, "central 0.9 of each side, squashed to 224 x 224, bilinear, values in [-1, 1]"),
        ({"squash": True, "crop": 1.0}, "whole photograph, squashed to 224 x 224, bilinear, values in [-1, 1]"),
    ],
)
def test_all_of_it_in_words(change: dict[str, object], words: str) -> None:
    assert replace(Preprocessing(resolution=224), **change).words == words  # type: ignore[arg-type]


@given(height=lengths, width=lengths, crop=crops, squash=st.booleans(), up=st.floats(-0.5, 0.5))
def test_a_crop_above_the_middle_stays_in_the_photograph(
    height: int, width: int, crop: float, squash: bool, up: float
) -> None:
    shown = Preprocessing(resolution=32, crop=crop, squash=squash)
    middle, moved = (central_box(height, width, one) for one in (shown, replace(shown, up=up)))
    assert (moved.left, moved.height, moved.width) == (middle.left, middle.height, middle.width)
    wanted = middle.top - round(up * height)
    assert moved.top == min(max(wanted, 0), height - moved.height)


def test_a_crop_above_the_middle_is_said_and_is_another_shape() -> None:
    shown = Preprocessing(resolution=32, crop=0.5)
    higher, lower = replace(shown, up=0.02), replace(shown, up=-0.1)
    assert ", 0.02 of its height up, " in higher.words
    assert ", 0.1 of its height down, " in lower.words
    assert len({str(Centre(one)) for one in (shown, higher, lower)}) == 3
    with pytest.raises(UsageError, match=r"up 0\.6 is outside"):
        replace(shown, up=0.6)
