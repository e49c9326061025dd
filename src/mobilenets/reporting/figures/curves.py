"""Accuracy and loss by epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mobilenets.reporting.figures.axes import log_ticks, quiet, share_ticks, value_ticks, whole_ticks
from mobilenets.reporting.figures.drawing import SMALL, Drawing, axes_at, blank, heading, house_style, write
from mobilenets.reporting.figures.labels import spread
from mobilenets.reporting.palette import MUTED, PAPER, SERIES, Colour
from mobilenets.reporting.text import percentage, shorten, width_em

_WIDTH, _HEIGHT = 430.0, 260.0
_LEFT, _TOP, _BOTTOM = 52.0, 36.0, 26.0
_LABEL_EM = 15.0
_LABELS_APART = 15.0
_MARKERS_UP_TO = 12
_THIN_FROM = 200
_LARGE, _HUGE = 1e3, 1e9
# A loss that falls further than this is drawn on a logarithmic axis, or its end would be a flat line.
_LOGARITHMIC_FROM = 100.0


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity by epoch: `lines` holds a value an epoch for each name ("train", "val"), first epoch first.

    None says that an epoch was not measured (the line runs on), a value that is not finite breaks the line. `better`
    marks the best value of the last line; `share` shows values of 0 to 1 as per cent; `first` is the first epoch's
    number.
    """

    title: str
    lines: Mapping[str, Sequence[float | None]]
    better: Literal["higher", "lower"] | None = None
    share: bool = False
    first: int = 1


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    colour: Colour
    epochs: NDArray[np.float64]
    values: NDArray[np.float64]
    """NaN where a value is not finite."""

    @property
    def finite(self) -> NDArray[np.bool_]:
        return np.isfinite(self.values)


@dataclass(frozen=True, slots=True)
class _Best:
    line: _Line
    place: int
    words: str


def curves(panels: Sequence[Panel]) -> Drawing:
    """Quantities by epoch, a panel each, side by side; lines of one name have one colour.

    A line without any value is left out; a panel without a line says that nothing was measured. On a page, pass the
    panels one by one (`[curves([panel]) for panel in panels]`): they then stand below each other on a phone.
    """
    drawn = [_lines(panel) for panel in panels]
    with house_style():
        figure = blank(width=_WIDTH * len(panels), height=_HEIGHT)
        for place, (panel, lines) in enumerate(zip(panels, drawn, strict=True)):
            labels = max((width_em(_end_label(panel, line)) for line in lines), default=0.0)
            width = _WIDTH - _LEFT - 18 - labels * SMALL
            height = _HEIGHT - _TOP - _BOTTOM
            axes = axes_at(figure, left=place * _WIDTH + _LEFT, top=_TOP, width=width, height=height)
            _draw(axes, panel, lines, height=height)
    return Drawing(figure=figure, alt=" ".join(_alt(panel, lines) for panel, lines in zip(panels, drawn, strict=True)))


def _lines(panel: Panel) -> list[_Line]:
    lines = []
    for place, (name, series) in enumerate(reversed(list(panel.lines.items()))):
        pairs = [(epoch, value) for epoch, value in enumerate(series, start=panel.first) if value is not None]
        if pairs:
            epochs, values = np.array(pairs, dtype=np.float64).T
            values = np.where(np.isfinite(values), values, np.nan)
            # The last line (val) is what is read: it has the first colour whether or not train is there.
            lines.append(_Line(name=name, colour=SERIES[place % len(SERIES)], epochs=epochs, values=values))
    return lines[::-1]


def _draw(axes: Axes, panel: Panel, lines: Sequence[_Line], *, height: float) -> None:
    for line in lines:
        strong = line is lines[-1] and len(line.values) < _THIN_FROM
        _draw_line(axes, line, width=2.2 if strong else 1.4)
    best = _best(panel, lines)
    if best is not None:
        _ring(axes, best)
    title = f"{panel.title} (log scale)" if _scale(axes, panel, lines) else panel.title
    note = best.words if best is not None else ""
    heading(axes, title, note=note, shift=-_LEFT)
    write(axes, "epoch", at=(1, 0), shift=(18, -14.5), colour=MUTED)
    _label_ends(axes, panel, lines, height=height)
    if not lines:
        axes.set_xticks([])
        write(axes, "nothing measured", at=(0.5, 0.5), colour=MUTED, align="center")


def _draw_line(axes: Axes, line: _Line, *, width: float) -> None:
    finite = line.finite
    beside = np.concatenate(([False], finite[:-1])) | np.concatenate((finite[1:], [False]))
    dots = finite if len(finite) <= _MARKERS_UP_TO else finite & ~beside
    axes.plot(
        line.epochs,
        line.values,
        color=line.colour.light,
        linewidth=width,
        marker="o",
        markersize=4.5,
        markeredgewidth=0,
        markevery=np.flatnonzero(dots).tolist(),
        clip_on=False,
    )


def _ring(axes: Axes, best: _Best) -> None:
    axes.plot(
        best.line.epochs[best.place],
        best.line.values[best.place],
        marker="o",
        markersize=8,
        markerfacecolor=PAPER.light,
        markeredgecolor=best.line.colour.light,
        markeredgewidth=2,
        clip_on=False,
        zorder=4,
    )


def _scale(axes: Axes, panel: Panel, lines: Sequence[_Line]) -> bool:
    """Set both axes; whether the upright one is logarithmic."""
    quiet(axes)
    first, last = float(panel.first), max((line.epochs[-1] for line in lines), default=1.0)
    axes.set_xlim((first, last) if last > first else (first - 0.5, first + 0.5))
    whole_ticks(axes.xaxis)
    values = np.concatenate([line.values[line.finite] for line in lines]) if lines else np.empty(0)
    if not values.size:
        axes.set_yticks([])
        return False
    low, high = float(values.min()), float(values.max())
    if panel.share:
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, min(low, 0.0)), min(top, max(high, 1.0)))
        share_ticks(axes.yaxis)
    elif low > 0 and high / low >= _LOGARITHMIC_FROM:
        axes.set_yscale("log")
        log_ticks(axes.yaxis, low=low, high=high)
        return True
    else:
        value_ticks(axes.yaxis)
    return False


def _best(panel: Panel, lines: Sequence[_Line]) -> _Best | None:
    if panel.better is None or not lines or not lines[-1].finite.any():
        return None
    line = lines[-1]
    place = int(np.nanargmax(line.values) if panel.better == "higher" else np.nanargmin(line.values))
    words = f"best {_shown(panel, line.values[place])} at epoch {line.epochs[place]:g}"
    return _Best(line=line, place=place, words=words)


def _label_ends(axes: Axes, panel: Panel, lines: Sequence[_Line], *, height: float) -> None:
    """Name and final value at the right of each line, moved apart where lines end together."""
    wanted = []
    for line in lines:
        ends = line.values[line.finite]
        point = axes.transData.transform((1.0, ends[-1])) if ends.size else axes.transAxes.transform((0.5, 0.5))
        wanted.append(float(axes.transAxes.inverted().transform(point)[1]) * height)
    for line, y in zip(lines, spread(wanted, apart=_LABELS_APART, low=6.0, high=height), strict=True):
        write(
            axes, _end_label(panel, line), at=(1, y / height), shift=(8, 0), colour=line.colour, bold=line is lines[-1]
        )


def _end_label(panel: Panel, line: _Line) -> str:
    value = _end(panel, line)
    return f"{shorten(line.name, limit_em=_LABEL_EM - width_em(value))} {value}"


def _end(panel: Panel, line: _Line) -> str:
    if np.isnan(line.values[-1]):
        finite = np.flatnonzero(line.finite)
        broken = finite[-1] + 1 if finite.size else 0
        return f"not finite from {line.epochs[broken]:g}"
    return _shown(panel, line.values[-1])


def _shown(panel: Panel, value: float) -> str:
    if panel.share:
        return percentage(value)
    return f"{value:,.0f}" if _LARGE <= abs(value) < _HUGE else f"{value:.3g}"


def _alt(panel: Panel, lines: Sequence[_Line]) -> str:
    if not lines:
        return f"{panel.title} by epoch: nothing measured."
    last = max(line.epochs[-1] for line in lines)
    ends = ", ".join(f"{line.name} ends at {_end(panel, line)}" for line in lines)
    best = _best(panel, lines)
    return f"{panel.title} by epoch, {last:g} in all: {ends}{f'; {best.words}' if best else ''}."
