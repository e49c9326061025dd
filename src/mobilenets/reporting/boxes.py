"""Boxes drawn on a photograph, with what stands in them and how sure that is (as Figure 6 of the paper)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mobilenets.reporting.box_labels import places
from mobilenets.reporting.class_colours import BLACK, Rgb, class_colour, text_colour

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Sides = tuple[int, int, int, int]

# Of the side of a square as large as the photograph.
_LINE, _TEXT = 1 / 250, 1 / 44
# A dashed line's width, of that of others.
_THIN = 2 / 3
# Pixels below which text is not read.
_SMALLEST_TEXT = 10
_LONGEST = 60


@dataclass(frozen=True, slots=True, eq=False)
class Truths:
    """What is really there: boxes (n, 4) as those of detections, and the label of each."""

    boxes: NDArray[np.floating]
    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Style:
    """Pixels of a line's width, of the text's size and of the space about it."""

    line: int
    text: int

    @property
    def padding(self) -> int:
        return max(1, self.text // 6)


@dataclass(frozen=True, slots=True, eq=False)
class _Box:
    sides: NDArray[np.float64]
    text: str
    colour: Rgb
    dashed: bool


@dataclass(frozen=True, slots=True)
class _Label:
    text: str
    width: int
    height: int


def drawn(
    photograph: NDArray[np.uint8],
    boxes: NDArray[np.floating],
    labels: Sequence[str],
    scores: Sequence[float] | None = None,
    *,
    classes: Sequence[str] | None = None,
    truths: Truths | None = None,
) -> NDArray[np.uint8]:
    """A copy of the photograph (H, W, 3) with boxes (n, 4) drawn: left, top, right, bottom in its pixels.

    The first box lies above the others and its label finds its place first, so the surest come first. A label that
    finds none is left out, an empty one too, and what lies outside the photograph is not drawn. Colours go by the
    label's place in `classes` (all there are, so that the first 24 differ) or by the label alone. Truths have thin,
    dashed lines and their labels at the lower edge. Raises `ValueError` where the lengths differ.
    """
    scored = labels if scores is None else [_scored(*pair) for pair in zip(labels, scores, strict=True)]
    found = list(_boxes(photograph, boxes, labels, scored, classes))
    if truths is not None:
        found += _boxes(photograph, truths.boxes, truths.labels, truths.labels, classes, dashed=True)
    image = Image.fromarray(np.ascontiguousarray(photograph))
    style = _style(image)
    pencil = ImageDraw.Draw(image)
    for box in reversed(found):
        _outline(pencil, box, style)
    _write(pencil, found, style)
    return np.asarray(image).copy()


def _style(image: Image.Image) -> _Style:
    side = math.sqrt(image.width * image.height)
    return _Style(line=max(1, round(side * _LINE)), text=max(_SMALLEST_TEXT, round(side * _TEXT)))


def _scored(label: str, score: float) -> str:
    return f"{label} {score:.0%}" if label else ""


def _boxes(
    photograph: NDArray[np.uint8],
    boxes: NDArray[np.floating],
    labels: Sequence[str],
    texts: Sequence[str],
    classes: Sequence[str] | None,
    *,
    dashed: bool = False,
) -> Iterable[_Box]:
    """The boxes that can be seen, cut off at the photograph's edges."""
    height, width = photograph.shape[:2]
    clipped = np.asarray(boxes, np.float64).reshape(-1, 4).clip(0, (width, height, width, height))
    for sides, label, text in zip(clipped, labels, texts, strict=True):
        if sides[0] < sides[2] and sides[1] < sides[3]:
            yield _Box(sides, _one_line(text), class_colour(label, classes), dashed)


def _one_line(text: str) -> str:
    """One line, whatever the text holds, of characters that a font can be asked for."""
    return " ".join(text.encode(errors="replace").decode().split())


def _outline(pencil: ImageDraw.ImageDraw, box: _Box, style: _Style) -> None:
    """A box's lines, just inside its edges; a dark one within parts them from a background of their colour."""
    left, top, right, bottom = (int(side) for side in (*np.floor(box.sides[:2]), *(np.ceil(box.sides[2:]) - 1)))
    if box.dashed:
        _dashes(pencil, (left, top, right, bottom), box.colour, line=math.ceil(style.line * _THIN))
        return
    if style.line > 1:
        pencil.rectangle((left, top, right, bottom), outline=BLACK, width=style.line + max(1, style.line // 3))
    pencil.rectangle((left, top, right, bottom), outline=box.colour, width=style.line)


def _dashes(pencil: ImageDraw.ImageDraw, sides: Sides, colour: Rgb, *, line: int) -> None:
    left, top, right, bottom = sides
    dash, more = 4 * line, line - 1
    for start in range(left, right + 1, 2 * dash):
        end = min(start + dash - 1, right)
        pencil.rectangle((start, top, end, min(top + more, bottom)), fill=colour)
        pencil.rectangle((start, max(bottom - more, top), end, bottom), fill=colour)
    for start in range(top, bottom + 1, 2 * dash):
        end = min(start + dash - 1, bottom)
        pencil.rectangle((left, start, min(left + more, right), end), fill=colour)
        pencil.rectangle((max(right - more, left), start, right, end), fill=colour)


def _write(pencil: ImageDraw.ImageDraw, boxes: Sequence[_Box], style: _Style) -> None:
    """The labels, each on its class's colour."""
    font = _font(style.text)
    width, height = pencil.im.size
    pairs = [(box, _label(box.text, font, style, most=width)) for box in boxes]
    pairs = [(box, label) for box, label in pairs if label.text]
    corners = places(
        np.array([box.sides for box, _ in pairs]).reshape(-1, 4),
        np.array([(label.width, label.height) for _, label in pairs], np.float64).reshape(-1, 2),
        width=width,
        height=height,
        below=[box.dashed for box, _ in pairs],
    )
    for place, (left, top) in reversed(corners.items()):
        box, label = pairs[place]
        pencil.rectangle((left, top, left + label.width - 1, top + label.height - 1), fill=box.colour)
        at = (left + style.padding, top + style.padding)
        pencil.text(at, label.text, fill=text_colour(box.colour), font=font, anchor="la")


def _label(text: str, font: Font, style: _Style, *, most: int) -> _Label:
    """A label no wider than `most` pixels: cut short where it would be, empty where nothing fits."""
    room = most - 2 * style.padding
    kept = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    text = text[:_LONGEST]
    while kept and font.getlength(kept) > room:
        text = text[:-1]
        kept = f"{text.rstrip()}…" if text else ""
    ascent, descent = font.getmetrics() if isinstance(font, ImageFont.FreeTypeFont) else (_SMALLEST_TEXT, 0)
    return _Label(kept, math.ceil(font.getlength(kept)) + 2 * style.padding, ascent + descent + 2 * style.padding)


@lru_cache(maxsize=64)
def _font(size: int) -> Font:
    return ImageFont.load_default(size)
