"""The confusion matrix: right answers in one colour, mistakes in another, as strong as their share of the class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from mobilenets.reporting.figures.drawing import SMALL, TEXT, Drawing, axes_at, blank, house_style, write
from mobilenets.reporting.mistakes import checked, row_shares
from mobilenets.reporting.palette import CARD, INK, MUTED, PAPER, RIGHT, RIGHT_PIXEL, WRONG, WRONG_PIXEL
from mobilenets.reporting.text import percentage, shorten, width_em

_LABELLED_UP_TO = 40
_SIDE = 400.0
_CELL_LOW, _CELL_HIGH = 23.0, 72.0
_NAME_EM = 15.0
_NAMES_APART = 8.0
_SLANT = 0.7071
_SMALLEST_TEXT = 7.0
_IMAGE_CELLS = 240
_FAINTEST = 0.15


def confusion(matrix: ArrayLike, classes: Sequence[str], *, things: str = "images") -> Drawing:
    """The matrix `(C, C)` of counts, a row a true class and a column an answer.

    Up to 40 classes every row and column has its name and every cell its count, where it fits. More are an image
    without names, in which above 240 classes neighbours share a dot that shows the strongest of them; the names of
    the mistakes are then `most_confused`'s. `things` are what was counted. Raises ValueError when the matrix has not
    one row and column a class.
    """
    counts = checked(matrix, classes)
    right, total = int(np.trace(counts)), int(counts.sum())
    share = f" ({percentage(right / total)})" if total else ""
    with house_style():
        figure = _named(counts, classes) if len(classes) <= _LABELLED_UP_TO else _image(counts)
    return Drawing(
        figure=figure,
        alt=f"Confusion matrix of {len(classes)} classes: {right:,} of {total:,} {things}{share} on the diagonal.",
    )


def _named(counts: NDArray[np.int64], classes: Sequence[str]) -> Figure:
    names = [shorten(name, limit_em=_NAME_EM) for name in classes]
    cell = min(_CELL_HIGH, max(_CELL_LOW, _SIDE / len(names)))
    longest = max(width_em(name) for name in names) * SMALL
    level = longest <= cell - 4
    left = max(longest, width_em("answer →") * SMALL) + 2 * _NAMES_APART
    top = max(longest * _SLANT * (not level), 2 * SMALL) + 3 * _NAMES_APART
    right = _NAMES_APART if level else longest * _SLANT
    side = cell * len(names)
    figure = blank(width=left + side + right, height=top + side + _NAMES_APART)
    axes = axes_at(figure, left=left, top=top, width=side, height=side)
    _bare(axes, len(names))
    _names(axes, names, level=level)
    _cells(axes, counts, cell=cell)
    return figure


def _bare(axes: Axes, size: int) -> None:
    """Axes in units of cells, row 0 at the top, with the words that say what rows and columns are."""
    axes.set(xlim=(0, size), ylim=(size, 0))
    axes.set_axis_off()
    for words, up in (("answer →", SMALL * 1.5), ("truth ↓", 0)):
        write(axes, words, at=(0, 1), shift=(-_NAMES_APART, _NAMES_APART + up), colour=MUTED, align="right")
    axes.add_patch(Rectangle((0, 0), size, size, facecolor=CARD.light, edgecolor="none", zorder=0))


def _names(axes: Axes, names: Sequence[str], *, level: bool) -> None:
    for place, name in enumerate(names):
        write(axes, name, at=(0, place + 0.5), coordinates="data", shift=(-_NAMES_APART, 0), align="right")
        above = write(
            axes,
            name,
            at=(place + 0.5, 0),
            coordinates="data",
            shift=(0, _NAMES_APART),
            align="center" if level else "left",
            vertical="baseline",
        )
        above.set(rotation=0 if level else 45, rotation_mode="anchor")


def _cells(axes: Axes, counts: NDArray[np.int64], *, cell: float) -> None:
    size = len(counts)
    axes.hlines(range(1, size), 0, size, colors=PAPER.light, linewidth=1, zorder=1)
    axes.vlines(range(1, size), 0, size, colors=PAPER.light, linewidth=1, zorder=1)
    strengths = _strengths(counts)
    gap = 0.5 / cell
    for row, column in np.argwhere(counts).tolist():
        colour = RIGHT if row == column else WRONG
        face = (*to_rgb(colour.light), float(strengths[row, column]))
        inside = (column + gap, row + gap)
        axes.add_patch(Rectangle(inside, 1 - 2 * gap, 1 - 2 * gap, facecolor=face, edgecolor="none", zorder=2))
        text = str(counts[row, column])
        text_size = min(TEXT, (cell - 4) / width_em(text))
        if text_size >= _SMALLEST_TEXT:
            middle = (column + 0.5, row + 0.5)
            write(axes, text, at=middle, coordinates="data", colour=INK, size=text_size, align="center")


def _strengths(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Opacity `(C, C)`: the share of the row; that of a mistake by its root, or the rare ones would not be seen."""
    shares = row_shares(counts)
    strengths = np.sqrt(shares)
    np.fill_diagonal(strengths, np.diag(shares))
    return np.where(counts > 0, _FAINTEST + (1 - _FAINTEST) * strengths, 0.0)


def _image(counts: NDArray[np.int64]) -> Figure:
    strengths = _pooled(_strengths(counts), cells=_IMAGE_CELLS)
    size = len(strengths)
    pixels = np.empty((size, size, 4))
    pixels[..., :3] = to_rgb(WRONG_PIXEL)
    pixels[np.arange(size), np.arange(size), :3] = to_rgb(RIGHT_PIXEL)
    pixels[..., 3] = strengths
    top = 2 * SMALL + 3 * _NAMES_APART
    left = width_em("answer →") * SMALL + 2 * _NAMES_APART
    figure = blank(width=left + _SIDE + _NAMES_APART, height=top + _SIDE + _NAMES_APART)
    axes = axes_at(figure, left=left, top=top, width=_SIDE, height=_SIDE)
    _bare(axes, size)
    axes.imshow(pixels, interpolation="none", extent=(0, size, size, 0), aspect="auto", zorder=2)
    write(axes, f"{len(counts):,} classes, in their order", at=(0, 1), shift=(0, _NAMES_APART), colour=MUTED)
    return figure


def _pooled(strengths: NDArray[np.float64], *, cells: int) -> NDArray[np.float64]:
    """At most `cells` rows and columns: the strongest of neighbours, and on the diagonal the mean of right answers."""
    size = len(strengths)
    step = -(-size // cells)
    if step == 1:
        return strengths
    starts = np.arange(0, size, step)
    pooled: NDArray[np.float64] = np.maximum.reduceat(np.maximum.reduceat(strengths, starts, axis=0), starts, axis=1)
    means = np.add.reduceat(np.diag(strengths), starts) / np.diff(np.append(starts, size))
    np.fill_diagonal(pooled, means)
    return pooled
