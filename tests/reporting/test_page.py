import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobilenets.reporting.figures import Panel, bars, confusion, curves
from mobilenets.reporting.page import Page
from mobilenets.reporting.pictures import thumbnail
from mobilenets.reporting.text import plain

PICTURE = thumbnail(np.zeros((4, 4, 3), np.uint8))
STRANGE = [
    "<script>alert(1)</script>",
    '" onload="x',
    "日本語",
    "مرحبا",
    "🐝",
    "$x^2$",
    "a\x00b",
    "\udcff.jpg",
    "-->",
    "]]>",
]


def everything(name: str, names: Sequence[str] = STRANGE) -> Page:
    """A page that uses every part, with `name` in each place that takes a text."""
    page = Page(name, name)
    page.facts({name: name, "images": 1200})
    page.facts({name: None}, compact=True)
    page.notice(name)
    for _ in range(4):
        page.heading(name)
    page.heading(name, level=3)
    page.paragraph(name)
    page.code(name)
    page.table([name, "count"], [(name, 1), (name, None)], caption=name)
    matrix = np.eye(len(names), dtype=int) + 1
    page.figure([confusion(matrix, names), bars(names, [0.5] * len(names), title=name)], name)
    page.figure(curves([Panel(name, {name: [0.1, 0.2]})]).png(scale=0.2), name)
    page.gallery([(PICTURE, (name, name))])
    return page


def test_no_name_becomes_markup(read: Callable[[str], Any]) -> None:
    # A figure has fewer ticks and paths beside longer names; everything else is the same whatever the name.
    drawn = ("path", "use", "g", "text", "defs", "clippath", "rect")
    expected = [tag for tag, _ in read(everything("owl").html()).elements if tag not in drawn]
    for name in STRANGE:
        page = read(everything(name).html())
        assert [tag for tag, _ in page.elements if tag not in drawn] == expected
        assert page.text.count(plain(name)) >= 12
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


@given(name=st.text(alphabet=st.characters(exclude_categories=()), max_size=30))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_can_stand_anywhere(read: Callable[[str], Any], name: str) -> None:
    page = Page(name, name)
    page.heading(name)
    page.paragraph(name)
    page.code(name)
    page.facts({name: name})
    page.table([name], [(name,)], caption=name)
    page.gallery([(PICTURE, (name,))])
    html = page.html()
    html.encode("utf-8")
    assert plain(name) in read(html).text


def test_nothing_is_fetched_and_nothing_runs(read: Callable[[str], Any]) -> None:
    html = everything("owl").html()
    page = read(html)
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset")
    ]
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert not re.search(r"@import|url\((?!#)|https?://", html)
    assert not page.all("script")
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy


def test_the_page_is_a_document_for_every_reader(read: Callable[[str], Any]) -> None:
    html = everything("owl").html()
    page = read(html)
    assert html.startswith("<!DOCTYPE html>")
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert any("width=device-width" in meta.get("content", "") for meta in page.all("meta"))
    assert all(image["alt"] for image in page.all("img"))
    assert all(image["aria-label"] and image["role"] == "img" for image in page.all("svg"))
    assert "prefers-color-scheme:dark" in html
    assert "@media print" in html


def test_names_of_elements_are_unique_and_links_lead_somewhere(read: Callable[[str], Any]) -> None:
    page = read(everything("owl").html())
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    links = [attributes["href"][1:] for _, attributes in page.elements if attributes.get("href", "").startswith("#")]
    assert len(names) == len(set(names))
    assert set(links) <= set(names)
    assert len(page.all("nav")) == 1


def test_a_short_page_has_no_contents(read: Callable[[str], Any]) -> None:
    page = Page("owls")
    page.heading("one")
    assert not read(page.html()).all("nav")


def test_the_same_calls_give_the_same_page() -> None:
    assert everything("owl").html() == everything("owl").html()


def test_columns_of_numbers_are_aligned(read: Callable[[str], Any]) -> None:
    page = Page("table")
    rows = [("ant", 1200, 0.5, "98.5\u202f%", None), ("3 bees", None, 0.25, "7.1\u202f%", None)]
    page.table(["class", "images", "share", "accuracy", "note"], rows, formats={"share": ".1%"})
    found = read(page.html())
    assert [cell.get("class") for cell in found.all("th")[:5]] == [None, "number", "number", "number", None]
    assert [cell.get("scope") for cell in found.all("th")] == ["col"] * 5 + ["row"] * 2
    assert "1,200" in found.texts
    assert "50.0\u202f%" in found.texts
    assert "\u2013" in found.texts


def test_lines_of_code_are_kept() -> None:
    page = Page("code")
    page.code("mobilenets train\n  --width 0.5 <x>")
    assert "mobilenets train\n  --width 0.5 &lt;x&gt;</code>" in page.html()


def test_alt_text_is_the_callers_the_drawings_or_the_caption(read: Callable[[str], Any]) -> None:
    drawing = bars(["ant"], [0.5], title="Recall")
    page = Page("figures")
    page.figure(drawing, "caption")
    page.figure(drawing, "caption", alt="mine")
    page.figure(drawing.svg(), "caption")
    assert [svg["aria-label"] for svg in read(page.html()).all("svg")] == [drawing.alt, "mine", "caption"]


def test_mistakes_of_the_caller_are_named() -> None:
    page = Page("wrong")
    with pytest.raises(ValueError, match="row 2 has 1 cells, the table has 2 columns"):
        page.table(["a", "b"], [(1, 2), (3,)])
    with pytest.raises(ValueError, match="data URIs"):
        page.gallery([("https://example.org/owl.jpg", ("owl",))])
    with pytest.raises(ValueError, match="level 1"):
        page.heading("one", level=1)
    with pytest.raises(ValueError, match="PNG"):
        page.figure(b"GIF89a")
