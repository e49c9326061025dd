"""Precision against recall: how many of those found are right, the further down one goes."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from mobilenets.maths.ranking import Curve
from mobilenets.reporting.figures.axes import quiet, share_ticks
from mobilenets.reporting.figures.drawing import SMALL, Drawing, axes_at, blank, heading, house_style, write
from mobilenets.reporting.figures.labels import spread
from mobilenets.reporting.palette import MUTED, SERIES
from mobilenets.reporting.text import percentage, shorten, width_em

_WIDTH, _HEIGHT = 470.0, 300.0
_LEFT, _TOP, _BOTTOM = 52.0, 36.0, 46.0
_NAME_EM = 14.0
_APART = 15.0
MOST = len(SERIES)
"""Lines that can be told apart by their colours."""


def precision(curves: Mapping[str, Curve], *, title: str = "Precision by recall") -> Drawing:
    """A line for each name, named with its average precision. Raises ValueError for more than `MOST` lines."""
    if len(curves) > MOST:
        raise ValueError(f"{len(curves)} lines, and {MOST} can be told apart")
    ends = {name: f"{shorten(name, limit_em=_NAME_EM)} {percentage(curve.area)}" for name, curve in curves.items()}
    right = max((width_em(words) for words in ends.values()), default=0.0) * SMALL + 18
    height = _HEIGHT - _TOP - _BOTTOM
    with house_style():
        figure = blank(width=_WIDTH, height=_HEIGHT)
        axes = axes_at(figure, left=_LEFT, top=_TOP, width=_WIDTH - _LEFT - right, height=height)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        quiet(axes)
        share_ticks(axes.xaxis)
        share_ticks(axes.yaxis)
        _draw(axes, curves, ends, height=height)
        heading(axes, title, note="with average precision", shift=-_LEFT)
        write(axes, "recall", at=(0.5, 0), shift=(0, -38), colour=MUTED, align="center", vertical="bottom")
    said = ", ".join(f"{name} {percentage(curve.area)}" for name, curve in curves.items())
    return Drawing(figure=figure, alt=f"{title}, with the average precision: {said or 'nothing to show'}.")


def _draw(axes: Axes, curves: Mapping[str, Curve], ends: Mapping[str, str], *, height: float) -> None:
    # All lines end at the share of what is true: names stand at the height of the area below theirs.
    places = spread([curve.area * height for curve in curves.values()], apart=_APART, low=6.0, high=height)
    for (name, curve), colour, y in zip(curves.items(), SERIES, places, strict=False):
        # A step keeps the precision that belongs to it: between two thresholds there is nothing.
        recall = [0.0, *curve.recall.tolist()]
        shares = [float(curve.precision[0]), *curve.precision.tolist()]
        axes.plot(recall, shares, color=colour.light, linewidth=1.8, drawstyle="steps-pre", clip_on=False)
        write(axes, ends[name], at=(1, y / height), shift=(8, 0), colour=colour)
