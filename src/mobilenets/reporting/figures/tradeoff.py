"""Accuracy against cost: the one curve on which every choice of width and resolution lies (Figures 4 and 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from mobilenets.reporting.figures.axes import compact, log_ticks, quiet, share_ticks, value_ticks
from mobilenets.reporting.figures.drawing import SMALL, Drawing, axes_at, blank, heading, house_style, write
from mobilenets.reporting.figures.labels import Box, Mark, place_labels
from mobilenets.reporting.palette import INK, MUTED, PAPER, SERIES, WRONG, Colour
from mobilenets.reporting.text import percentage, shorten, width_em

_LEFT, _TOP, _RIGHT, _BOTTOM = 56.0, 42.0, 16.0, 50.0
_INSIDE = Box(left=0.0, bottom=0.0, width=640.0, height=330.0)
_HEADING_EM = 26.0
_NAME_EM = 20.0
_LINE = 15.0
_MARKERS = "osD^v"
_MARKER, _RING = 9.0, 18.0
_RADIUS = 6.0
_ROOM = 0.06


@dataclass(frozen=True, slots=True)
class Point:
    """A network: what it costs (above 0, in any unit), how good it is, and the group whose colour it has."""

    name: str
    cost: float
    score: float
    group: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    colour: Colour
    marker: str


def tradeoff(
    points: Sequence[Point],
    *,
    cost: str,
    score: str,
    limit: float | None = None,
    chosen: str | None = None,
    fit: bool = False,
    share: bool = True,
) -> Drawing:
    """Points by cost (logarithmic) and score; `cost` and `score` name the axes ("mult-adds", "top-1 accuracy").

    What costs more than `limit` lies in a shaded region; the point named `chosen` stands out; `fit` adds the line
    `score = a + b ln(cost)` by least squares over all points. `share` shows scores as per cent. Every point is
    labelled with its name where there is room: the chosen first, then those that nothing cheaper beats; how many went
    without is part of the `alt` text. Raises ValueError without points, or when one is not finite or costs nothing.
    """
    _check(points)
    with house_style():
        figure = blank(width=_LEFT + _INSIDE.width + _RIGHT, height=_TOP + _INSIDE.height + _BOTTOM)
        axes = axes_at(figure, left=_LEFT, top=_TOP, width=_INSIDE.width, height=_INSIDE.height)
        _scale(axes, points, limit=limit, share=share)
        heading(axes, score, shift=-_LEFT, limit_em=_HEADING_EM)
        write(axes, cost, at=(0.5, 0), shift=(0, -42), colour=MUTED, align="center", vertical="bottom")
        taken = [] if limit is None else [_shade(axes, limit)]
        if fit:
            _draw_fit(axes, points)
        looks = _looks(points)
        _legend(axes, looks, beside=min(_HEADING_EM, width_em(score)))
        for point in points:
            _draw_point(axes, point, look=looks[point.group], chosen=point.name == chosen)
        unlabelled = _label(axes, points, chosen=chosen, taken=taken)
    words = _words(points, limit=limit, chosen=chosen, share=share, unlabelled=unlabelled)
    return Drawing(figure=figure, alt=f"{score} against {cost} of {len(points)} networks{words}.")


def _check(points: Sequence[Point]) -> None:
    if not points:
        raise ValueError("there are no points to draw")
    for point in points:
        if not 0 < point.cost < float("inf") or not np.isfinite(point.score):
            raise ValueError(f"{point.name!r} has cost {point.cost} and score {point.score}: no place for it")


def _looks(points: Sequence[Point]) -> dict[str, _Look]:
    groups = dict.fromkeys(point.group for point in points)
    count = len(SERIES)
    return {
        group: _Look(colour=SERIES[place % count], marker=_MARKERS[(place + place // count) % len(_MARKERS)])
        for place, group in enumerate(groups)
    }


def _scale(axes: Axes, points: Sequence[Point], *, limit: float | None, share: bool) -> None:
    quiet(axes)
    costs = [point.cost for point in points] + ([] if limit is None else [limit])
    room = 1.1 * (max(costs) / min(costs)) ** _ROOM
    low, high = min(costs) / room, max(costs) * room
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    log_ticks(axes.xaxis, low=low, high=high)
    scores = [point.score for point in points]
    rise = _ROOM * max(max(scores) - min(scores), 0.1 * abs(max(scores)), 1e-9)
    axes.set_ylim(min(scores) - 2 * rise, max(scores) + 2 * rise)
    if share:
        share_ticks(axes.yaxis)
    else:
        value_ticks(axes.yaxis)


def _shade(axes: Axes, limit: float) -> Box:
    """Shade what costs too much and say so at the foot of the limit; the place that the words take."""
    end = axes.get_xlim()[1]
    axes.axvspan(limit, end, facecolor=WRONG.light, alpha=0.16, edgecolor="none", zorder=0)
    axes.axvline(limit, color=WRONG.light, linewidth=1.5, zorder=1)
    axes.set_xlim(right=end)
    words = f"over the limit of {compact(limit)}"
    width = width_em(words) * SMALL
    across = float(axes.transAxes.inverted().transform(axes.transData.transform((limit, axes.get_ylim()[0])))[0])
    fits = across * _INSIDE.width + width + 2 * _RADIUS <= _INSIDE.width
    shift = _RADIUS if fits else -_RADIUS
    write(axes, words, at=(across, 0), shift=(shift, 11), colour=MUTED, align="left" if fits else "right")
    return Box(left=across * _INSIDE.width + shift - (0 if fits else width), bottom=3, width=width, height=16)


def _draw_fit(axes: Axes, points: Sequence[Point]) -> None:
    """The log-linear line of Figure 4; points that all cost the same have none."""
    costs = np.array([point.cost for point in points])
    if np.ptp(costs) == 0:
        return
    slope, intercept = np.polyfit(np.log(costs), [point.score for point in points], deg=1)
    ends = np.array([costs.min(), costs.max()])
    axes.plot(ends, intercept + slope * np.log(ends), color=MUTED.light, linewidth=1, linestyle=(0, (5, 4)), zorder=1)


def _draw_point(axes: Axes, point: Point, *, look: _Look, chosen: bool) -> None:
    dot = axes.plot(point.cost, point.score, look.marker, markersize=_MARKER, color=look.colour.light)
    dot[0].set(markeredgecolor=PAPER.light, markeredgewidth=0.8, zorder=4 if chosen else 3)
    if chosen:
        ring = axes.plot(point.cost, point.score, "o", markersize=_RING, zorder=2)
        ring[0].set(markeredgecolor=INK.light, markeredgewidth=1.8, markerfacecolor="none")


def _legend(axes: Axes, looks: Mapping[str, _Look], *, beside: float) -> None:
    """The groups above the right end, where no point can be."""
    room = (_INSIDE.width / SMALL - 1.2 * beside) / len(looks) - 2.75
    right = 0.0
    for group, look in reversed(list(looks.items())):
        name = shorten(group, limit_em=room)
        if not name:
            continue
        write(axes, name, at=(1, 1), shift=(-right, 18), colour=look.colour, align="right")
        right += width_em(name) * SMALL + 8
        place = (1 - right / _INSIDE.width, 1 + 18 / _INSIDE.height)
        axes.plot(
            *place,
            look.marker,
            markersize=_MARKER - 1,
            markeredgewidth=0,
            color=look.colour.light,
            transform=axes.transAxes,
            clip_on=False,
        )
        right += 22


def _label(axes: Axes, points: Sequence[Point], *, chosen: str | None, taken: Sequence[Box]) -> int:
    """Write the names of the points, the most telling ones first; how many found no room."""
    order = sorted((point for point in points if point.name), key=lambda point: _rank(point, points, chosen=chosen))
    marks = []
    for point in order:
        across, up = axes.transAxes.inverted().transform(axes.transData.transform((point.cost, point.score)))
        width = width_em(shorten(point.name, limit_em=_NAME_EM)) * SMALL
        radius = _RING / 2 if point.name == chosen else _RADIUS
        x, y = across * _INSIDE.width, up * _INSIDE.height
        marks.append(Mark(x=x, y=y, radius=radius, width=width, height=_LINE))
    boxes = place_labels(marks, within=_INSIDE, taken=taken)
    for point, mark, box in zip(order, marks, boxes, strict=True):
        if box is not None:
            left_of_it = box.left < mark.x - box.width
            at = ((box.left + (box.width if left_of_it else 0)) / _INSIDE.width, box.bottom / _INSIDE.height)
            name = shorten(point.name, limit_em=_NAME_EM)
            bold = point.name == chosen
            write(axes, name, at=at, shift=(0, _LINE / 2), align="right" if left_of_it else "left", bold=bold)
    return sum(box is None for box in boxes)


def _rank(point: Point, points: Sequence[Point], *, chosen: str | None) -> tuple[bool, bool, float]:
    beaten = any(other.cost <= point.cost and other.score > point.score for other in points)
    return (point.name != chosen, beaten, -point.score)


def _words(points: Sequence[Point], *, limit: float | None, chosen: str | None, share: bool, unlabelled: int) -> str:
    said = []
    if limit is not None:
        said.append(f"{sum(point.cost > limit for point in points)} over the limit of {compact(limit)}")
    for point in points:
        if point.name == chosen:
            shown = percentage(point.score) if share else f"{point.score:.4g}"
            said.append(f"chosen: {point.name} with {shown} at {compact(point.cost)}")
    if unlabelled:
        said.append(f"{unlabelled} without a label for want of room")
    return "".join(f"; {words}" for words in said)
