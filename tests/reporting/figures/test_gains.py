from collections.abc import Callable

import pytest

from mobilenets.reporting.figures import gains


def test_bars_stand_in_their_order_with_their_shares(texts: Callable[[str], list[str]]) -> None:
    drawing = gains({"missed": 0.25, "both": 0.0}, title="AP to gain")
    assert [text for text in texts(drawing.svg()) if text in ("missed", "both")] == ["missed", "both"]
    assert {"AP to gain", "25.0\u202f%", "0.0\u202f%"} <= set(texts(drawing.svg()))
    assert drawing.alt == "AP to gain: missed 25.0\u202f%, both 0.0\u202f%."
    (axes,) = drawing.figure.axes
    assert [bar.get_width() for bar in axes.patches] == [0.25, 0.0]
    assert axes.get_xlim() == (0, 0.25)


def test_next_to_nothing_does_not_fill_the_figure() -> None:
    assert gains({"missed": 1e-4}, title="AP to gain").figure.axes[0].get_xlim() == (0, 0.01)


def test_nothing_to_show_is_said() -> None:
    assert gains({}, title="AP to gain").alt == "AP to gain: nothing to show."


def test_a_share_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="a share is below it"):
        gains({"missed": -0.1}, title="AP to gain")
