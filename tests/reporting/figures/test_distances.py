"""How far apart pairs lie, drawn."""

import numpy as np

from mobilenets.reporting.figures import distances

NAMES = ("one person", "two people")


def test_what_it_shows_is_said_in_words_and_drawn_with_its_names() -> None:
    same, different = np.array([0.5, 1.0, 3.0], np.float32), np.array([2.0, 2.5, 4.0], np.float32)
    drawing = distances(same, different, names=NAMES, thresholds={"FAR 0.1": 1.5})
    assert "1.00 for one person and 2.50 for two people" in drawing.alt
    assert "33.3\u202f% of the first are farther" in drawing.alt
    for words in (*NAMES, "FAR 0.1", "squared distance"):
        assert words in drawing.svg()


def test_the_same_distances_are_the_same_bytes() -> None:
    values = np.linspace(0, 4, 50, dtype=np.float32)
    first, second = (distances(values, values, names=NAMES, thresholds={}).svg() for _ in range(2))
    assert first == second
