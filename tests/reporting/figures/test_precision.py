from collections.abc import Callable

import numpy as np
import pytest

from mobilenets.maths.ranking import precision_recall
from mobilenets.reporting.figures import precision

GOOD = precision_recall(np.array([0.9, 0.8, 0.1]), np.array([True, True, False]))
POOR = precision_recall(np.array([0.9, 0.8, 0.1]), np.array([False, False, True]))


def test_every_line_is_named_with_its_average_precision(texts: Callable[[str], list[str]]) -> None:
    drawing = precision({"smile": GOOD, "hat": POOR})
    assert {"smile 100.0\u202f%", "hat 33.3\u202f%"} <= set(texts(drawing.svg()))
    assert drawing.alt == "Precision by recall, with the average precision: smile 100.0\u202f%, hat 33.3\u202f%."


def test_the_area_drawn_is_the_average_precision() -> None:
    (axes,) = precision({"hat": POOR}).figure.axes
    (line,) = axes.lines
    recall, shares = (np.asarray(values) for values in line.get_data())
    assert line.get_drawstyle() == "steps-pre"
    assert np.sum(np.diff(recall) * shares[1:]) == pytest.approx(POOR.area)


def test_more_lines_than_colours_are_refused() -> None:
    with pytest.raises(ValueError, match="6 lines, and 5 can be told apart"):
        precision({str(place): GOOD for place in range(6)})
