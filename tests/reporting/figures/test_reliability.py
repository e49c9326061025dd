from collections.abc import Callable

import pytest

from mobilenets.maths.classification import ReliabilityBin as Bin
from mobilenets.reporting.figures import reliability

BINS = [
    Bin(low=0.0, high=0.5, count=0, confidence=float("nan"), accuracy=float("nan")),
    Bin(low=0.5, high=0.75, count=10, confidence=0.6, accuracy=0.5),
    Bin(low=0.75, high=1.0, count=30, confidence=0.9, accuracy=0.8),
]


def test_the_diagram_says_the_error_and_its_direction(texts: Callable[[str], list[str]]) -> None:
    drawing = reliability(BINS)
    assert "calibration error 10.0\u202f%" in texts(drawing.svg())
    assert drawing.alt.endswith("in 2 bins: calibration error 10.0\u202f%, over-confident on the whole.")
    modest = Bin(low=0.5, high=0.6, count=1, confidence=0.55, accuracy=0.9)
    assert "under-confident" in reliability([modest]).alt


def test_bars_reach_the_accuracy_and_gaps_the_confidence() -> None:
    upper, lower = reliability(BINS).figure.axes
    tops = [patch.get_y() + patch.get_height() for patch in upper.patches]
    assert tops == pytest.approx([0.5, 0.6, 0.8, 0.9])
    assert [patch.get_height() for patch in lower.patches] == [10, 30]


def test_no_answers_are_an_empty_diagram(texts: Callable[[str], list[str]]) -> None:
    assert "no answers" in texts(reliability([]).svg())
