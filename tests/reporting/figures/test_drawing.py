import io
import subprocess
import sys
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from mobilenets.maths.classification import ReliabilityBin
from mobilenets.reporting import figures
from mobilenets.reporting.figures import Drawing

MATRIX = np.array([[9, 1, 0], [2, 7, 1], [0, 0, 10]])
STRANGE = ["日本語クラス", "$x^2$ & <b>", "🐝 مرحبا\udcff"]


def drawn(names: list[str]) -> list[Drawing]:
    """One of each figure, with the names wherever there is a place for one."""
    points = [figures.Point(name, cost, 0.5 + cost / 100, name) for cost, name in enumerate(names, start=1)]
    return [
        figures.curves([figures.Panel(names[0], {name: [0.1, 0.3] for name in names}, better="higher")]),
        figures.confusion(MATRIX, names),
        figures.confusion(np.eye(50, dtype=int), [names[0]] * 50),
        figures.bars(names, [0.9, None, 0.8], title=names[0], counts=[10, 0, 10]),
        figures.reliability([ReliabilityBin(low=0.5, high=0.6, count=3, confidence=0.55, accuracy=0.5)]),
        figures.tradeoff(points, cost=names[0], score=names[1], limit=2.5, chosen=names[0], fit=True),
    ]


@pytest.mark.parametrize("place", range(6))
def test_strange_names_are_text_and_warn_of_nothing(place: int, texts: Callable[[str], list[str]]) -> None:
    drawing = drawn(STRANGE)[place]
    svg = drawing.svg()
    svg.encode("utf-8")
    shown = " ".join(texts(svg))
    named = place in (0, 1, 3, 5)
    assert ("日本語クラス" in shown) == named
    assert ("$x^2$ & <b>" in shown) == named
    assert drawing.png(scale=0.5).startswith(b"\x89PNG")


def test_the_same_values_give_the_same_bytes_whatever_was_drawn_before() -> None:
    names = ["ant", "bee", "owl"]
    first = [(drawing.svg(), drawing.png()) for drawing in drawn(names)]
    again = [(drawing.png(), drawing.svg()) for drawing in reversed(drawn(names))][::-1]
    assert [svg for svg, _ in first] == [svg for _, svg in again]
    assert [png for _, png in first] == [png for png, _ in again]


def test_the_users_settings_change_nothing_and_are_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["ant", "bee", "owl"]
    expected = [drawing.svg() for drawing in drawn(names)]
    with mpl.rc_context({"axes.grid": True, "font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        before = dict(mpl.rcParams)
        assert [drawing.svg() for drawing in drawn(names)] == expected
        assert dict(mpl.rcParams) == before


def test_a_document_holds_no_time_and_no_program() -> None:
    for drawing in drawn(["ant", "bee", "owl"]):
        svg = drawing.svg()
        assert "<dc:date>" not in svg
        assert "Matplotlib v" not in svg
        assert drawing.alt


def test_png_is_drawn_on_white_at_the_scale() -> None:
    drawing = figures.bars(["ant"], [0.5], title="Recall")
    once, twice = (Image.open(io.BytesIO(drawing.png(scale=scale))) for scale in (1.0, 2.0))
    assert abs(twice.width - 2 * once.width) <= 2
    assert twice.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_figures_leave_pyplot_alone_and_the_page_needs_no_matplotlib() -> None:
    program = (
        "import sys, mobilenets.reporting.page, mobilenets.reporting.mistakes\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from mobilenets.reporting import figures; figures.bars(['a'], [1.0], title='t').svg()\n"
        "assert 'matplotlib.pyplot' not in sys.modules; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
