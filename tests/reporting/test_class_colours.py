from itertools import combinations

import numpy as np
import pytest

from mobilenets.reporting.class_colours import BLACK, COLOURS, WHITE, Rgb, class_colour, text_colour


def _luminance(colour: Rgb) -> float:
    values = np.array(colour) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def test_a_class_has_its_colour_by_its_place_or_its_name() -> None:
    classes = ("person", "bicycle", "car")
    assert [class_colour(label, classes) for label in classes] == list(COLOURS[:3])
    assert class_colour("car") == class_colour("car", ("dog",)) == COLOURS[8]  # in each run: no hash that changes
    assert {class_colour(str(number)) for number in range(500)} == set(COLOURS)


def test_names_that_are_no_text_have_a_colour() -> None:
    assert class_colour("\udcff") in COLOURS


def test_colours_are_told_apart() -> None:
    assert len(set(COLOURS)) == len(COLOURS)
    assert min(np.abs(np.subtract(one, other)).sum() for one, other in combinations(COLOURS, 2)) > 60


@pytest.mark.parametrize("colour", [*COLOURS, BLACK, WHITE])
def test_text_is_read_on_every_colour(colour: Rgb) -> None:
    light, dark = sorted((_luminance(colour), _luminance(text_colour(colour))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
