from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from mobilenets.reporting.figures import bars
from mobilenets.reporting.inline import inline_svg
from mobilenets.reporting.palette import COLOURS, INK, RIGHT

SVG = """<?xml version="1.0"?><!DOCTYPE svg>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 300 200" width="9pt">
<title>t</title><metadata>m</metadata><style>*{fill:red}</style><script>alert(1)</script><!-- remark -->
<defs><clipPath id="clip"><path id="unused" d="M 0 0"/></clipPath><path id="dot" d="M 1 1"/></defs>
<g clip-path="url(#clip)"><use xlink:href="#dot" style="fill: #1b1f24"/></g>
<text style="fill: #123456">a &lt;b #1b1f24</text>
</svg>"""


def test_names_are_made_unique_and_unused_ones_dropped() -> None:
    inline = inline_svg(SVG, prefix="f7-", alt="a figure")
    assert 'id="f7-clip"' in inline
    assert 'clip-path="url(#f7-clip)"' in inline
    assert 'id="f7-dot"' in inline
    assert 'href="#f7-dot"' in inline
    assert "unused" not in inline


def test_nothing_that_acts_on_the_page_is_left() -> None:
    inline = inline_svg(SVG, prefix="", alt="")
    for part in ("<title", "<metadata", "<style>", "<script", "<!--", "<?xml", "DOCTYPE", "9pt", "xmlns"):
        assert part not in inline


def test_colours_of_the_palette_follow_the_page_and_others_stay() -> None:
    inline = inline_svg(SVG, prefix="", alt="")
    assert "fill: var(--ink)" in inline
    assert "fill: #123456" in inline
    assert f"a &lt;b {INK.light}" in inline


def test_the_picture_has_its_words_and_its_width() -> None:
    holder = ElementTree.fromstring(inline_svg(SVG, prefix="", alt='"<ants>"'))
    assert holder.attrib == {"class": "picture", "style": "--natural:300px"}
    assert holder[0].attrib["aria-label"] == '"<ants>"'
    assert holder[0].attrib["role"] == "img"


def test_our_figures_leave_no_fixed_colour(texts: Callable[[str], list[str]]) -> None:
    inline = inline_svg(bars(["ant"], [0.5], title="Recall").svg(), prefix="", alt="")
    assert f"var(--{RIGHT.name})" in inline
    assert not [colour.name for colour in COLOURS if colour.light in inline]


@pytest.mark.parametrize("text", ["<p>no figure</p>", "<svg/>"])
def test_what_is_no_svg_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="viewBox"):
        inline_svg(text, prefix="", alt="")
