"""The pages of a detector's report."""

import base64
import io
import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PIL import Image

from mobilenets.data.detection.objects import Objects
from mobilenets.data.photos import ArrayPhoto, BadImage
from mobilenets.data.views import View
from mobilenets.reporting.class_colours import class_colour
from mobilenets.reporting.page import Page
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.report import add_detection
from mobilenets.tasks.detect.report_worst import Mistakes, worst_photographs
from mobilenets.tasks.detect.scores import score_detections
from mobilenets.tasks.protocol import Evaluated

LABELS = ("owl", "ibis <b>", "wren")
There = Callable[..., Objects]
Tells = Callable[..., Detections]


class Photographs:
    """`Examples`, of which the first could not be read."""

    photos = tuple(ArrayPhoto(f"{place}.png", np.full((4, 4), 9 * place, dtype=np.uint8)) for place in range(9))

    def truth(self, place: int) -> object:
        raise AssertionError(place)

    def target(self, place: int, view: View) -> dict[str, int]:
        raise AssertionError(place)


def _page(labels: Sequence[str], found: Sequence[Detections], truths: Sequence[Objects], *, limit: int = 100) -> str:
    scores = score_detections(labels, found, truths, limit=limit)
    page = Page("report")
    places = list(range(1, len(found) + 1))
    add_detection(page, Evaluated(Photographs(), places, found, truths, scores), labels=labels)
    return page.html()


@pytest.fixture
def made(there: There, tells: Tells) -> tuple[list[Detections], list[Objects]]:
    """A photograph that is right, one with a confusion, one with two missed and a false one."""
    owl, ibis = ("owl", 10, 10, 50, 50), ("ibis <b>", 60, 60, 90, 90)
    truths = [there(owl), there(owl, ibis), there(owl, ibis)]
    found = [
        tells(LABELS, ("owl", 0.9, *owl[1:])),
        tells(LABELS, ("ibis <b>", 0.9, *owl[1:]), ("ibis <b>", 0.8, *ibis[1:])),
        tells(LABELS, ("owl", 0.9, 60, 10, 90, 40), ("owl", 0.2, *owl[1:])),
    ]
    return found, truths


def _tiles(html: str) -> list[list[str]]:
    gallery = re.findall(r"<li><img [^>]*>(.*?)</li>", html)
    return [re.findall(r"<span[^>]*>(.*?)</span>", tile) for tile in gallery]


def test_every_section_is_there(made: tuple[list[Detections], list[Objects]]) -> None:
    html = _page(LABELS, *made)
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", html) == [
        *("Figures", "Classes", "Precision and recall", "Kinds of error", "Confusion", "Worst photographs"),
    ]
    assert html.count("<svg") == 5
    assert "ibis &lt;b&gt;" in html
    assert "<b>" not in html


def test_figures_are_explained(made: tuple[list[Detections], list[Objects]]) -> None:
    html = _page(LABELS, *made, limit=30)
    for words in (
        "recall with 1 detection of each class a photograph",
        "recall with 30 detections of each class",
        "AP of objects of 32 x 32 to 96 x 96 pixels",
        "as Pascal VOC counts it",
    ):
        assert words in html
    assert "AR100" not in html


def test_one_class_needs_no_bars_and_one_picture_of_curves(there: There, tells: Tells) -> None:
    html = _page(("owl",), [tells(("owl",), ("owl", 0.9, 10, 10, 50, 50))], [there(("owl", 10, 10, 50, 50))])
    assert html.count("<svg") == 3


def test_confusions_among_classes_are_listed(made: tuple[list[Detections], list[Objects]]) -> None:
    html = _page(LABELS, *made)
    table = html.partition("The most frequent mistakes")[2].partition("</table>")[0]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table)]
    (row,) = [row for row in rows if row]
    assert row[-2:] == ["1", "33.3\u202f%"]


def test_of_many_classes_those_with_most_objects_are_named(there: There, tells: Tells) -> None:
    labels = tuple(f"sort {place}" for place in range(40))
    rows = [(labels[place], 10, 10, 50, 50) for place in range(5, 40)]
    html = _page(labels, [tells(labels)] * 3, [there(*rows), there(*rows[3:]), there(*rows[20:])])
    picture = html.partition(">Confusion</h2>")[2].partition("</figure>")[0]
    assert "Named are the 20 classes with most objects." in picture
    assert "all other classes" in picture
    assert "sort 39" in picture
    assert "sort 24" not in picture
    # Nothing was found: all 3 objects of the classes of which there are most, and 40 of the others, are missed.
    texts = re.findall(r"<text[^>]*>(.*?)</text>", picture)
    assert texts.count("3") == 15
    assert sum(int(text) for text in texts if text.isdigit()) == 35 + 32 + 15


def test_the_worst_photographs_are_first(made: tuple[list[Detections], list[Objects]]) -> None:
    html = _page(LABELS, *made)
    assert "2 photographs of 3 have objects that were missed" in html
    assert _tiles(html) == [["2 of 2 missed", "1 false", "3.png"], ["1 of 2 missed", "1 false", "2.png"]]
    assert worst_photographs(LABELS, *made) == [Mistakes(2, 2, 2, 1), Mistakes(1, 2, 1, 1)]


def test_what_was_found_and_what_was_not_is_drawn(
    made: tuple[list[Detections], list[Objects]], monkeypatch: pytest.MonkeyPatch
) -> None:
    grey = tuple(ArrayPhoto(f"{place}.png", np.full((400, 400, 3), 128, np.uint8)) for place in range(9))
    monkeypatch.setattr(Photographs, "photos", grey)
    first = re.findall(r'<li><img src="data:image/jpeg;base64,([^"]*)"', _page(LABELS, *made))[0]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(first))), int)
    assert pixels.shape == (400, 400, 3)
    owl, ibis = (np.abs(pixels - class_colour(label, LABELS)).max(axis=2) < 80 for label in LABELS[:2])
    assert owl[44:156, 240:244].any(axis=1).all()  # found: owl at 60, 10, 90, 40 of 100
    assert 0.3 < owl[48:152, 40:42].any(axis=1).mean() < 0.7  # dashed: the owl that was missed
    assert 0.3 < ibis[248:352, 240:242].any(axis=1).mean() < 0.7


def test_no_mistakes_are_said(there: There, tells: Tells) -> None:
    html = _page(("owl",), [tells(("owl",), ("owl", 0.9, 10, 10, 50, 50))], [there(("owl", 10, 10, 50, 50))])
    assert "None: every object was found" in html


def test_a_photograph_that_went_away_is_said(
    made: tuple[list[Detections], list[Objects]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: ArrayPhoto) -> bytes:
        raise BadImage("gone")

    monkeypatch.setattr(ArrayPhoto, "read", gone)
    assert "3.png could not be shown: gone" in _page(LABELS, *made)
