from collections.abc import Callable

import numpy as np
import pytest

from mobilenets.reporting.figures import Point, tradeoff

Texts = Callable[[str], list[str]]
# Tables 6 and 7 of the paper: mult-adds in millions and ImageNet accuracy.
PAPER = [
    Point("1.0", 569, 0.706, "width"),
    Point("0.75", 325, 0.684, "width"),
    Point("0.5", 149, 0.637, "width"),
    Point("0.25", 41, 0.506, "width"),
    Point("192", 418, 0.691, "resolution"),
    Point("160", 290, 0.672, "resolution"),
    Point("128", 186, 0.644, "resolution"),
]


def test_points_groups_and_limit_are_named(texts: Texts) -> None:
    drawing = tradeoff(PAPER, cost="million mult-adds", score="top-1 accuracy", limit=300, chosen="160", fit=True)
    shown = texts(drawing.svg())
    assert {point.name for point in PAPER} <= set(shown)
    assert {"width", "resolution", "million mult-adds", "top-1 accuracy", "over the limit of 300"} <= set(shown)
    assert "3 over the limit of 300; chosen: 160 with 67.2\u202f% at 290" in drawing.alt


def test_the_fit_is_log_linear() -> None:
    points = [Point(str(cost), cost, 0.1 + 0.2 * np.log10(cost)) for cost in (1, 10, 50, 1000)]
    axes = tradeoff(points, cost="ms", score="accuracy", fit=True).figure.axes[0]
    line = next(line for line in axes.get_lines() if len(line.get_xdata()) == 2)
    assert line.get_xdata() == pytest.approx([1, 1000])
    assert line.get_ydata() == pytest.approx([0.1, 0.7])


def test_points_that_cost_the_same_have_no_line() -> None:
    axes = tradeoff([Point("a", 5, 0.5), Point("b", 5, 0.6)], cost="ms", score="accuracy", fit=True).figure.axes[0]
    assert all(len(line.get_xdata()) == 1 for line in axes.get_lines())


def test_the_limit_is_in_sight_and_shaded_to_the_end() -> None:
    axes = tradeoff(PAPER, cost="mult-adds", score="accuracy", limit=5000).figure.axes[0]
    low, high = axes.get_xlim()
    box = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert low < 41
    assert high > 5000
    assert (box.x0, box.x1) == pytest.approx((5000, high))


def test_where_there_is_no_room_the_chosen_keeps_its_name_and_the_rest_is_counted(texts: Texts) -> None:
    crowd = [Point(f"mobilenet_{place}", 100 + place, 0.5 + place / 1e5) for place in range(60)]
    drawing = tradeoff(crowd, cost="mult-adds", score="accuracy", chosen="mobilenet_7")
    shown = [text for text in texts(drawing.svg()) if text.startswith("mobilenet")]
    assert "mobilenet_7" in shown
    assert len(shown) < 60
    assert f"{60 - len(shown)} without a label" in drawing.alt


def test_more_groups_than_colours_still_look_different() -> None:
    points = [Point(f"n{place}", place + 1, 0.5, f"g{place}") for place in range(12)]
    lines = tradeoff(points, cost="ms", score="accuracy").figure.axes[0].get_lines()
    dots = [line for line in lines if line.get_transform() == line.axes.transData]
    assert len({(line.get_color(), line.get_marker()) for line in dots}) == 12


@pytest.mark.parametrize(
    "point", [Point("free", 0, 0.5), Point("broken", 1, float("nan")), Point("endless", float("inf"), 0.5)]
)
def test_points_without_a_place_are_refused(point: Point) -> None:
    with pytest.raises(ValueError, match=point.name):
        tradeoff([point], cost="ms", score="accuracy")
    with pytest.raises(ValueError, match="no points"):
        tradeoff([], cost="ms", score="accuracy")
