"""The pages of a report on attributes."""

import re

import numpy as np

from mobilenets.data.photos import ArrayPhoto
from mobilenets.reporting.page import Page
from mobilenets.tasks.attributes import AttributeAnswer, Attributes, Known
from mobilenets.tasks.protocol import Evaluated

NAN = float("nan")


def _page(probabilities: list[list[float]], known: list[list[float]], *names: str) -> str:
    task = Attributes(names)
    photos = tuple(ArrayPhoto(f"{place}.png", np.full((4, 4), 9 * place, dtype=np.uint8)) for place in range(9))
    places = list(range(1, len(known) + 1))  # the first could not be read
    answers = [AttributeAnswer(names, np.array(row, dtype=np.float32)) for row in probabilities]
    truths = list(np.array(known, dtype=np.float32))
    examples = Known(photos, np.zeros((9, len(names)), dtype=np.float32))
    page = Page("report")
    task.report(page, Evaluated(examples, places, answers, truths, task.score(answers, truths)))
    return page.html()


def _tiles(html: str) -> list[list[str]]:
    gallery = re.findall(r"<li><img [^>]*>(.*?)</li>", html)
    return [re.findall(r"<span[^>]*>(.*?)</span>", tile) for tile in gallery]


def test_every_section_is_there() -> None:
    html = _page([[0.9, 0.2], [0.4, 0.7], [0.2, 0.1]], [[1, 0], [0, 1], [1, 0]], "bald <b>", "young")
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", html) == ["Attributes", "Precision and recall", "Worst mistakes"]
    assert html.count("<svg") == 2
    assert "bald &lt;b&gt;" in html
    assert "<b>" not in html
    assert "of 2 attributes" in html


def test_one_attribute_needs_no_bars() -> None:
    assert _page([[0.9], [0.4]], [[1], [0]], "young").count("<svg") == 1


def test_of_many_attributes_the_lowest_have_curves() -> None:
    names = [f"a{place}" for place in range(7)]
    html = _page([[0.9] * 7, [0.4] * 7], [[1, 0, 1, 1, 1, 1, 1], [0, 1, 0, 0, 0, 0, 0]], *names)
    assert "The 5 lowest of 7 attributes." in html
    assert "Precision by recall, with the average precision: a1 50.0" in html


def test_the_worst_mistakes_are_the_surest_ones_first() -> None:
    html = _page([[0.9, 0.2], [0.6, 0.7], [0.05, 0.5]], [[1, NAN], [0, 1], [1, 0]], "bald", "young")
    assert "3 of 5 answers are wrong" in html
    assert _tiles(html) == [
        ["says bald 5%", "is yes", "3.png"],
        ["says bald 60%", "is no", "2.png"],
        ["says young 50%", "is no", "3.png"],
    ]


def test_no_mistakes_are_said() -> None:
    html = _page([[0.9], [0.4]], [[1], [0]], "young")
    assert "every known attribute of every held-out photograph was answered right" in html
