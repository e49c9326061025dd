from collections.abc import Callable

import numpy as np
import pytest

from mobilenets.reporting.figures import confusion

Texts = Callable[[str], list[str]]


def test_every_count_and_name_is_there(texts: Texts) -> None:
    drawing = confusion([[64, 6], [0, 81]], ["ants", "bees"])
    shown = texts(drawing.svg())
    assert shown.count("ants") == shown.count("bees") == 2
    assert {"64", "6", "81"} <= set(shown)
    assert "0" not in shown
    assert drawing.alt == "Confusion matrix of 2 classes: 145 of 151 images (96.0\u202f%) on the diagonal."


def test_forty_classes_are_named_and_forty_one_an_image(texts: Texts) -> None:
    names = [f"class {place}" for place in range(41)]
    assert set(names[:40]) <= set(texts(confusion(np.eye(40, dtype=int) * 9, names[:40]).svg()))
    drawing = confusion(np.eye(41, dtype=int), names)
    assert not set(names) & set(texts(drawing.svg()))
    assert len(drawing.figure.axes[0].get_images()) == 1


def test_counts_that_do_not_fit_are_left_out_and_the_others_stay(texts: Texts) -> None:
    matrix = np.eye(40, dtype=int) * 12
    matrix[0, 0] = 1234567
    shown = texts(confusion(matrix, ["x"] * 40).svg())
    assert shown.count("12") == 39
    assert "1234567" not in shown


def test_cells_are_as_strong_as_their_share_of_the_row() -> None:
    patches = confusion([[90, 10], [1, 3]], ["ant", "bee"]).figure.axes[0].patches[1:]
    right_ant, wrong_ant, wrong_bee, right_bee = (patch.get_facecolor() for patch in patches)
    assert right_ant[3] > right_bee[3] > wrong_bee[3] > wrong_ant[3] > 0.15
    assert right_ant[:3] == right_bee[:3] != wrong_ant[:3] == wrong_bee[:3]


@pytest.mark.parametrize("size", [100, 241, 1000])
def test_a_rare_mistake_among_many_classes_is_seen(size: int) -> None:
    matrix = np.eye(size, dtype=int) * 50
    matrix[size - 1, 0] = 1
    pixels = np.asarray(confusion(matrix, [""] * size).figure.axes[0].get_images()[0].get_array())
    assert pixels.shape[0] == pixels.shape[1] <= 240
    assert pixels[-1, 0, 3] > 0.15
    assert (np.diagonal(pixels[..., 3]) > 0.9).all()
    assert np.count_nonzero(pixels[..., 3]) == len(pixels) + 1


def test_nothing_answered_yet_is_an_empty_matrix() -> None:
    drawing = confusion(np.zeros((3, 3)), ["ant", "bee", "owl"])
    assert drawing.alt == "Confusion matrix of 3 classes: 0 of 0 images on the diagonal."
    assert len(drawing.figure.axes[0].patches) == 1


def test_things_are_what_was_counted() -> None:
    assert "3 of 4 objects" in confusion([[3, 1], [0, 0]], ["ant", "bee"], things="objects").alt
