"""Colours of views: their formulas, and what they leave as it is."""

import cmath
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from mobilenets.data.colours import photometric, recolour


def drawn(count: int = 2, *, low: int = 0, high: int = 256) -> Tensor:
    images = torch.randint(low, high, (count, 3, 6, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return images.contiguous(memory_format=torch.channels_last)


def chroma(pixels: NDArray[np.float64]) -> list[complex]:
    """The colours of (n, 3) pixels on the plane of YIQ."""
    red, green, blue = pixels.T
    along = 0.595716 * red - 0.274453 * green - 0.321263 * blue
    return list(along + 1j * (0.211456 * red - 0.522591 * green + 0.311135 * blue))


def test_colours_follow_their_formula_and_stay_within_bytes() -> None:
    images = torch.randint(0, 256, (4, 3, 6, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    brightness, saturation = torch.tensor([-32.0, 0.0, 32.0, 10.0]), torch.tensor([0.5, 1.0, 1.5, 0.0])
    changed = recolour(images, brightness=brightness, saturation=saturation)
    assert changed.dtype == torch.float32
    for image, result, more, strength in zip(images.tolist(), changed.tolist(), brightness, saturation, strict=True):
        red, green, blue = np.array(image)
        grey = 0.299 * red + 0.587 * green + 0.114 * blue
        expected = [grey + float(strength) * (colour - grey) + float(more) for colour in (red, green, blue)]
        assert np.allclose(result, np.clip(expected, 0, 255), atol=1e-3)
    assert changed.min() == 0
    assert changed.max() == 255


def test_colours_that_stay_are_the_same_bits() -> None:
    images = torch.randint(0, 256, (2, 3, 6, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images = images.contiguous(memory_format=torch.channels_last)
    same = recolour(images, brightness=torch.zeros(2), saturation=torch.ones(2))
    assert torch.equal(same, images.float())
    assert same.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("hue", [0.0, 18.0, -7.5, 120.0])
@pytest.mark.parametrize("saturation", [1.0, 0.5])
def test_hue_turns_colours_and_saturation_stretches_them(hue: float, saturation: float) -> None:
    """Of mild colours, so that nothing is cut off at the ends of a byte."""
    images = drawn(low=100, high=140)
    same = torch.tensor([0.0, 0.0])
    changed = photometric(
        images, brightness=same, contrast=same + 1, saturation=same + saturation, hue=torch.tensor([0.0, hue])
    )
    before, after = (one[1].permute(1, 2, 0).reshape(-1, 3).double().numpy() for one in (images.float(), changed))
    grey = np.array([0.299, 0.587, 0.114])
    assert np.allclose(before @ grey, after @ grey, atol=1e-2)
    for one, other in zip(chroma(before), chroma(after), strict=True):
        assert other == pytest.approx(one * cmath.rect(saturation, math.radians(hue)), abs=1e-2)
    plain = recolour(images[:1], brightness=same[:1], saturation=same[:1] + saturation)
    torch.testing.assert_close(changed[:1], plain, atol=1e-2, rtol=0)


def test_contrast_is_about_the_mean_brightness_of_the_image() -> None:
    images = drawn(low=60, high=180)
    contrast, brightness, same = torch.tensor([0.5, 1.25]), torch.tensor([10.0, -4.0]), torch.tensor([0.0, 0.0])
    changed = photometric(images, brightness=brightness, contrast=contrast, saturation=same + 1, hue=same)
    for image, result, times, more in zip(images.double(), changed, contrast, brightness, strict=True):
        middle = (image * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0).mean()
        expected = (image - middle) * times + middle + more
        torch.testing.assert_close(result.double(), expected, atol=1e-2, rtol=0)


@given(
    brightness=st.floats(-32, 32), contrast=st.floats(0.5, 1.5), saturation=st.floats(0.5, 1.5), hue=st.floats(-18, 18)
)
def test_distorted_colours_stay_within_bytes_and_do_not_depend_on_their_company(
    brightness: float, contrast: float, saturation: float, hue: float
) -> None:
    images = drawn(3)
    settings = {"brightness": brightness, "contrast": contrast, "saturation": saturation, "hue": hue}
    several = {name: torch.tensor([0.0, value, value / 2]) for name, value in settings.items()}
    changed = photometric(images, **several)
    assert changed.dtype == torch.float32 and changed.is_contiguous(memory_format=torch.channels_last)
    assert changed.min() >= 0 and changed.max() <= 255
    alone = photometric(images[1:2], **{name: values[1:2] for name, values in several.items()})
    torch.testing.assert_close(alone[0], changed[1], atol=1e-3, rtol=0)


def test_colours_that_nobody_changes_are_the_same() -> None:
    images, same = drawn(), torch.zeros(2)
    changed = photometric(images, brightness=same, contrast=same + 1, saturation=same + 1, hue=same)
    torch.testing.assert_close(changed, images.float(), atol=1e-3, rtol=0)
