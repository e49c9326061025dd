import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenets.reporting.palette import BLUE, CARD, COLOURS, INK, MUTED, ORANGE, PAPER, RIGHT, SERIES, WRONG, Colour

# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0, on linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: str) -> NDArray[np.float64]:
    channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def luminance(colour: NDArray[np.float64]) -> float:
    return float(TO_XYZ[1] @ colour)


def contrast(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = TO_XYZ @ np.clip(colour, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("colour", [INK, MUTED, *SERIES], ids=lambda colour: colour.name)
def test_colours_of_text_can_be_read(colour: Colour, mode: str) -> None:
    for ground in (PAPER, CARD):
        assert contrast(linear(getattr(colour, mode)), linear(getattr(ground, mode))) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("opacity", [0.15, 0.5, 1.0])
def test_numbers_can_be_read_on_the_cells(mode: str, opacity: float) -> None:
    ground = getattr(CARD, mode)
    for fill in (RIGHT, WRONG):
        # Browsers blend in sRGB; blending linear light is close enough to hold the limit.
        cell = opacity * linear(getattr(fill, mode)) + (1 - opacity) * linear(ground)
        assert contrast(linear(getattr(INK, mode)), cell) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_series_are_told_apart_by_every_eye(deficiency: str, mode: str) -> None:
    seen = [lab(np.array(DEFICIENCIES[deficiency]) @ linear(getattr(colour, mode))) for colour in SERIES]
    apart = [float(np.linalg.norm(one - other)) for one, other in itertools.combinations(seen, 2)]
    assert min(apart) >= 15
    assert float(np.linalg.norm(seen[SERIES.index(BLUE)] - seen[SERIES.index(ORANGE)])) >= 40


def test_each_colour_is_known_by_its_light_value() -> None:
    assert len({colour.light for colour in COLOURS}) == len({colour.name for colour in COLOURS}) == len(COLOURS)
