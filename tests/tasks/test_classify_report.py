"""The pages of a classifier's report."""

import re

import numpy as np
import pytest

from mobilenets.data.photos import ArrayPhoto, BadImage
from mobilenets.reporting.page import Page
from mobilenets.tasks.classify import Classification, Classify, Labelled
from mobilenets.tasks.protocol import Evaluated

CLASSES = ("ant", "bee <b>", "cat")


def _page(answers: list[int], truths: list[int], sure: list[float], *, places: list[int] | None = None) -> str:
    task = Classify(CLASSES)
    photos = tuple(
        ArrayPhoto(f"{place}.png", np.full((4, 4), 10 * place, dtype=np.uint8)) for place in range(len(truths) + 2)
    )
    rows = np.full((len(answers), 3), 0.0, dtype=np.float32)
    for row, (answer, share) in enumerate(zip(answers, sure, strict=True)):
        rows[row] = (1 - share) / 2
        rows[row, answer] = share
    found = [Classification(CLASSES, row) for row in rows]
    examples = Labelled(photos, (0,) * len(photos))
    scores = task.score(found, truths)
    page = Page("report")
    task.report(page, Evaluated(examples, places or list(range(len(truths))), found, truths, scores))
    return page.html()


def _tiles(html: str) -> list[list[str]]:
    gallery = re.findall(r"<li><img [^>]*>(.*?)</li>", html)
    return [re.findall(r"<span[^>]*>(.*?)</span>", tile) for tile in gallery]


def test_every_section_is_there() -> None:
    html = _page([0, 1, 2, 2], [0, 1, 2, 1], [0.9, 0.8, 0.7, 0.6])
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", html) == ["Classes", "Confusion", "Calibration", "Worst mistakes"]
    assert html.count("<svg") == 3
    assert "bee &lt;b&gt;" in html
    assert "<b>" not in html


def test_the_worst_mistakes_are_the_surest_ones_first() -> None:
    html = _page([1, 1, 2, 2], [0, 1, 2, 1], [0.6, 0.8, 0.7, 0.95])
    assert "2 of 4 answers are wrong" in html
    assert _tiles(html) == [
        ["says cat, 95%", "is bee &lt;b&gt;", "3.png"],
        ["says bee &lt;b&gt;, 60%", "is ant", "0.png"],
    ]


def test_a_mistake_is_shown_with_its_own_photograph() -> None:
    """Places skip what could not be read."""
    html = _page([0, 1], [0, 0], [0.9, 0.9], places=[1, 3])
    assert [tile[2] for tile in _tiles(html)] == ["3.png"]


def test_no_mistakes_are_said() -> None:
    html = _page([0, 1], [0, 1], [0.9, 0.9])
    assert "every held-out photograph was answered right" in html
    assert not _tiles(html)


def test_a_photograph_that_went_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: ArrayPhoto) -> bytes:
        raise BadImage("gone")

    monkeypatch.setattr(ArrayPhoto, "read", gone)
    html = _page([1, 1], [0, 1], [0.9, 0.9])
    assert "0.png could not be shown: gone" in html
    assert not _tiles(html)
