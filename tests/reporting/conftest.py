"""What the tests of reports share: reading back what was written."""

from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

VOID = {"meta", "link", "img", "br", "hr"}


class Read(HTMLParser):
    """A page as its elements and texts; an element that is not closed in its order fails the test."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture
def read() -> Callable[[str], Read]:
    return Read


@pytest.fixture
def texts() -> Callable[[str], list[str]]:
    """The texts that an SVG document shows, in its order."""

    def find(svg: str) -> list[str]:
        name = "{http://www.w3.org/2000/svg}text"
        return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(name)]

    return find
