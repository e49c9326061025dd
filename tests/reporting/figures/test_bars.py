from collections.abc import Callable

import pytest

from mobilenets.reporting.figures import bars

Texts = Callable[[str], list[str]]


def test_the_lowest_is_first_and_all_are_labelled(texts: Texts) -> None:
    drawing = bars(["ant", "bee", "owl"], [0.9, 0.5, None], title="Recall", counts=[10, 20, 0])
    shown = texts(drawing.svg())
    names = [text for text in shown if text in ("ant", "bee", "owl")]
    assert names == ["bee", "ant", "owl"]
    assert {"90.0\u202f% of 10", "50.0\u202f% of 20", "no images", "mean 70.0\u202f% (dashed)"} <= set(shown)
    assert (
        "lowest bee 50.0\u202f% of 20, highest ant 90.0\u202f% of 10, mean 70.0\u202f%; 1 without images" in drawing.alt
    )


def test_bars_start_at_zero_and_end_at_the_value() -> None:
    axes = bars(["ant", "bee"], [2.5, 40.0], title="ms", share=False).figure.axes[0]
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(0, 2.5), (0, 40)]
    assert axes.get_xlim() == (0, 40)


def test_of_many_classes_the_lowest_are_shown_and_that_is_said(texts: Texts) -> None:
    shown = texts(
        bars([f"class {place}" for place in range(80)], [place / 80 for place in range(80)], title="Recall").svg()
    )
    assert sum(text.startswith("class") for text in shown) == 50
    assert "class 0" in shown
    assert "class 50" not in shown
    assert any(text.startswith("the 50 lowest of 80") for text in shown)


@pytest.mark.parametrize("values", [[], [None], [float("nan")]])
def test_without_values_the_figure_says_so(values: list[float | None], texts: Texts) -> None:
    assert "no values" in texts(bars(["ant"] * len(values), values, title="Recall").svg())


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        bars(["ant"], [-0.1], title="Recall")
    with pytest.raises(ValueError, match="zip"):
        bars(["ant", "bee"], [0.1], title="Recall")
