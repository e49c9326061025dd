"""Boxes drawn on a photograph, with what stands in them and how sure that is (as Figure 6 of the paper)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mobilenets.reporting.box_labels import places
from mobilenets.reporting.class_colours import BLACK, Rgb, class_colour, text_colour

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Of the side of a square as large as the photograph.
_LINE, _TEXT = 1 / 250, 1 / 44
# Pixels below which text is not read.
_SMALLEST_TEXT = 10
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class _Style:
    """Pixels of a line's width and of the text's size, and whether lines are dashed."""

    line: int
    text: int
    dashed: bool

    @property
    def padding(self) -> int:
        return max(1, self.text // 6)


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
    dashed: bool = False,
) -> NDArray[np.uint8]:
    """A copy of the photograph (H, W, 3) with boxes (n, 4) drawn: left, top, right, bottom in its pixels.

    The first box lies above the others and its label finds its place first, so the surest come first. A label that
    finds none is left out, an empty one too, and what lies outside the photograph is not drawn. Colours go by the
    label's place in `classes` (all there are, so that the first 24 differ) or by the label alone. `dashed` is for
    truths beside detections: thinner, dashed lines and labels at the lower edge. Raises `ValueError` where the lengths
    differ.
    """
    if len(boxes) != len(labels) or (scores is not None and len(scores) != len(labels)):
        raise ValueError(f"{len(boxes)} boxes, {len(labels)} labels: each box has its own label and score")
    height, width = photograph.shape[:2]
    clipped = np.asarray(boxes, np.float64).reshape(-1, 4).clip(0, (width, height, width, height))
    seen = [place for place, (left, top, right, bottom) in enumerate(clipped) if left < right and top < bottom]
    image = Image.fromarray(np.ascontiguousarray(photograph))
    style = _style(height, width, dashed=dashed)
    colours = [class_colour(labels[place], classes) for place in seen]
    texts = [_words(labels[place], None if scores is None else scores[place]) for place in seen]
    pencil = ImageDraw.Draw(image)
    for box, colour in reversed(list(zip(clipped[seen], colours, strict=True))):
        _frame(pencil, box, colour, style)
    _write(pencil, clipped[seen], texts, colours, style)
    return np.asarray(image).copy()


def _style(height: int, width: int, *, dashed: bool) -> _Style:
    side = math.sqrt(height * width)
    line = max(1, round(side * _LINE * (0.5 if dashed else 1)))
    return _Style(line=line, text=max(_SMALLEST_TEXT, round(side * _TEXT)), dashed=dashed)


def _words(label: str, score: float | None) -> str:
    """What is written: one line, whatever the label holds, of characters that a font can be asked for."""
    label = " ".join(label.encode(errors="replace").decode().split())[:_LONGEST]
    return label if score is None or not label else f"{label} {score:.0%}"


def _frame(pencil: ImageDraw.ImageDraw, box: NDArray[np.float64], colour: Rgb, style: _Style) -> None:
    """A box's lines, just inside its edges, between two thin dark ones that part them from a like background."""
    left, top, right, bottom = (int(side) for side in (*np.floor(box[:2]), *(np.ceil(box[2:]) - 1)))
    if style.dashed:
        _dashes(pencil, (left, top, right, bottom), colour, style)
        return
    edge = max(1, style.line // 3)
    if style.line > 1:
        pencil.rectangle((left, top, right, bottom), outline=BLACK, width=min(style.line + edge, right - left + 1))
    pencil.rectangle((left, top, right, bottom), outline=colour, width=style.line)


def _dashes(pencil: ImageDraw.ImageDraw, box: tuple[int, int, int, int], colour: Rgb, style: _Style) -> None:
    left, top, right, bottom = box
    dash, line = 4 * style.line, style.line - 1
    for start in range(left, right + 1, 2 * dash):
        end = min(start + dash - 1, right)
        pencil.rectangle((start, top, end, min(top + line, bottom)), fill=colour)
        pencil.rectangle((start, max(bottom - line, top), end, bottom), fill=colour)
    for start in range(top, bottom + 1, 2 * dash):
        end = min(start + dash - 1, bottom)
        pencil.rectangle((left, start, min(left + line, right), end), fill=colour)
        pencil.rectangle((max(right - line, left), start, right, end), fill=colour)


def _write(
    pencil: ImageDraw.ImageDraw,
    boxes: NDArray[np.float64],
    texts: Sequence[str],
    colours: Sequence[Rgb],
    style: _Style,
) -> None:
    font = _font(style.text)
    width, height = pencil.im.size
    labels = [_label(text, font, style, most=width) for text in texts]
    written = [place for place, label in enumerate(labels) if label.text]
    sizes = np.array([(labels[place].width, labels[place].height) for place in written], np.float64).reshape(-1, 2)
    corners = places(boxes[written], sizes, width=width, height=height, below=style.dashed)
    for place, (left, top) in reversed(corners.items()):
        label, colour = labels[written[place]], colours[written[place]]
        pencil.rectangle((left, top, left + label.width - 1, top + label.height - 1), fill=colour)
        at = (left + style.padding, top + style.padding)
        pencil.text(at, label.text, fill=text_colour(colour), font=font, anchor="la")


def _label(text: str, font: Font, style: _Style, *, most: int) -> _Label:
    """A label no wider than `most` pixels: cut short where it would be, empty where nothing fits."""
    room = most - 2 * style.padding
    kept = text
    while kept and font.getlength(kept) > room:
        text = text[:-1]
        kept = f"{text.rstrip()}…" if text else ""
    ascent, descent = font.getmetrics() if isinstance(font, ImageFont.FreeTypeFont) else (_SMALLEST_TEXT, 0)
    return _Label(kept, math.ceil(font.getlength(kept)) + 2 * style.padding, ascent + descent + 2 * style.padding)


@lru_cache(maxsize=64)
def _font(size: int) -> Font:
    return ImageFont.load_default(size)
