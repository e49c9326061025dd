"""A report as one HTML file: nothing is fetched, nothing runs, and whatever names it shows are only ever text."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Protocol, TypeAlias, runtime_checkable

from mobilenets.reporting.inline import inline_svg
from mobilenets.reporting.stylesheet import stylesheet
from mobilenets.reporting.table import table
from mobilenets.reporting.text import number, plain, writable

_SECTION = 2
_CONTENTS_FROM = 4
_PNG = b"\x89PNG\r\n\x1a\n"
# Even if a name found its way around the escaping, a browser would neither run nor fetch anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@runtime_checkable
class Drawn(Protocol):
    """A figure that can be written as SVG and says in words what it shows (`figures.Drawing` is one)."""

    @property
    def alt(self) -> str:
        """What the figure shows, for those who do not see it."""

    def svg(self) -> str:
        """The figure as an SVG document."""


Picture: TypeAlias = Drawn | str | bytes


class Page:
    """A page built from top to bottom; `html()` gives the whole file.

    Every text is escaped here, so callers pass names as they are: with markup, emoji, or written from right to left.
    `lang` is the language of the page's own words (BCP 47).
    """

    def __init__(self, title: str, subtitle: str = "", *, lang: str = "en") -> None:
        self._title = title
        self._subtitle = subtitle
        self._lang = lang
        self._body: list[str] = []
        self._headings: list[str] = []
        self._pictures = 0

    def heading(self, text: str, *, level: int = 2) -> None:
        """Start a section (`level` 2) or a part of one (3 to 6); the page's title is level 1."""
        if level not in range(2, 7):
            raise ValueError(f"heading level {level} is not 2 to 6")
        name = ""
        if level == _SECTION:
            self._headings.append(text)
            name = f' id="section-{len(self._headings)}"'
        self._body.append(f'<h{level}{name} dir="auto">{_text(text)}</h{level}>')

    def paragraph(self, text: str) -> None:
        """Add running text."""
        self._body.append(f'<p dir="auto">{_text(text)}</p>')

    def notice(self, text: str) -> None:
        """Add what the reader must not miss: what was left out, replaced or went wrong."""
        self._body.append(f'<p class="notice" role="note" dir="auto">{_text(text)}</p>')

    def code(self, text: str) -> None:
        """Add text to be copied, such as a command; its line breaks are kept."""
        lines = "\n".join(escape(writable(line)) for line in text.expandtabs().splitlines())
        self._body.append(f'<pre tabindex="0"><code>{lines}</code></pre>')

    def facts(self, facts: Mapping[str, object], *, compact: bool = False) -> None:
        """Add named values: as cards for the few that matter most, `compact` as a list for many (settings)."""
        cards = "".join(
            f'<div><dt>{_text(name)}</dt><dd dir="auto">{_text(number(value))}</dd></div>'
            for name, value in facts.items()
        )
        self._body.append(f'<dl class="facts{" compact" if compact else ""}">{cards}</dl>')

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        caption: str = "",
        formats: Mapping[str, str] | None = None,
    ) -> None:
        """Add a table; columns of numbers (or of numbers with a unit, as strings) are aligned at the right.

        `formats` holds format specifications by column, for its numbers: `{"accuracy": ".1%"}`. None shows as a dash.
        Raises ValueError when a row has not one cell a column.
        """
        self._body.append(table(columns, rows, caption=caption, formats=formats or {}))

    def figure(self, pictures: Picture | Sequence[Picture], caption: str = "", *, alt: str = "") -> None:
        """Add figures: what `figures` draws, an SVG document or the bytes of a PNG file.

        Several stand side by side where there is room and below each other on a phone. `alt` says what they show for
        those who do not see it; without it a drawing speaks for itself and others have the caption.
        """
        row = "".join(self._picture(picture, alt=alt, caption=caption) for picture in _several(pictures))
        words = f'<figcaption dir="auto">{_text(caption)}</figcaption>' if caption else ""
        self._body.append(f'<figure><div class="row">{row}</div>{words}</figure>')

    def gallery(self, tiles: Iterable[tuple[str, Sequence[str]]], *, large: bool = False) -> None:
        """Add a grid of small pictures: pairs of a `data:` URI (`pictures.thumbnail`) and the lines below it.

        The first line stands out. `large` ones have room for what is written in them. Raises ValueError for a picture
        that the page would have to fetch.
        """
        items = "".join(f"<li>{_tile(picture, lines)}</li>" for picture, lines in tiles)
        self._body.append(f'<ul class="gallery{" large" if large else ""}">{items}</ul>')

    def html(self) -> str:
        """The whole file; write it as UTF-8."""
        subtitle = f'<p class="subtitle" dir="auto">{_text(self._subtitle)}</p>\n' if self._subtitle else ""
        body = "\n".join(self._body)
        return (
            f'<!DOCTYPE html>\n<html lang="{_text(self._lang)}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
            f"<title>{_text(self._title)}</title>\n<style>\n{stylesheet()}</style>\n</head>\n<body>\n<main>\n"
            f'<header>\n<h1 dir="auto">{_text(self._title)}</h1>\n{subtitle}{self._contents()}</header>\n'
            f"{body}\n</main>\n</body>\n</html>\n"
        )

    def _contents(self) -> str:
        if len(self._headings) < _CONTENTS_FROM:
            return ""
        links = (f'<a href="#section-{place}">{_text(text)}</a>' for place, text in enumerate(self._headings, start=1))
        return f'<nav class="contents" aria-label="Contents">{"".join(links)}</nav>\n'

    def _picture(self, picture: Picture, *, alt: str, caption: str) -> str:
        self._pictures += 1
        if isinstance(picture, bytes):
            return f'<div class="picture"><img src="{_png_uri(picture)}" alt="{_text(alt or caption)}"></div>'
        svg, words = (picture, caption) if isinstance(picture, str) else (picture.svg(), picture.alt)
        return inline_svg(svg, prefix=f"f{self._pictures}-", alt=plain(alt or words))


def _several(pictures: Picture | Sequence[Picture]) -> list[Picture]:
    return [pictures] if isinstance(pictures, (str, bytes, Drawn)) else list(pictures)


def _text(text: str) -> str:
    return escape(plain(text))


def _png_uri(picture: bytes) -> str:
    if not picture.startswith(_PNG):
        raise ValueError("a figure in bytes has to be a PNG file")
    return f"data:image/png;base64,{base64.b64encode(picture).decode('ascii')}"


def _tile(picture: str, lines: Sequence[str]) -> str:
    if not picture.startswith("data:image/"):
        raise ValueError(f"a gallery shows pictures as data URIs, not {picture[:40]!r}")
    words = "".join(f'<span dir="auto">{_text(line)}</span>' for line in lines)
    alt = _text(", ".join(lines))
    return f'<img src="{escape(picture)}" alt="{alt}">{words}'
