"""How far apart pairs lie: of the same kind and of different ones, as two outlines over one axis."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mobilenets.reporting.figures.axes import quiet, share_ticks
from mobilenets.reporting.figures.drawing import Drawing, axes_at, blank, heading, house_style, write
from mobilenets.reporting.palette import MUTED, RIGHT, WRONG, Colour
from mobilenets.reporting.text import percentage

_WIDTH, _HEIGHT = 470.0, 240.0
_LEFT, _TOP, _BOTTOM = 56.0, 40.0, 46.0
_BINS = 80
_ROOM = 1.2

Values = NDArray[np.float32]


def distances(same: Values, different: Values, *, names: tuple[str, str], thresholds: dict[str, float]) -> Drawing:
    """The share of the pairs (S,) and (D,) in each of 80 bins of squared distance from 0 to 4, each kind of its own.

    `names` are what the two kinds are called; a dashed line stands at each threshold, with its name.
    """
    with house_style():
        figure = blank(width=_WIDTH, height=_HEIGHT + _TOP + _BOTTOM)
        axes = axes_at(figure, left=_LEFT, top=_TOP, width=_WIDTH - _LEFT - 24, height=_HEIGHT)
        axes.set(xlim=(0, 4))
        axes.set_xlabel("squared distance")
        quiet(axes)
        for place, (values, name, colour) in enumerate(zip((same, different), names, (RIGHT, WRONG), strict=True)):
            _outline(axes, values, name=name, colour=colour, place=place)
        axes.set_ylim(0, _ROOM * axes.get_ylim()[1])
        share_ticks(axes.yaxis)
        for place, (name, threshold) in enumerate(thresholds.items()):
            axes.axvline(threshold, color=MUTED.light, linewidth=1, linestyle=(0, (4, 3)))
            at = (threshold, 0.97 - 0.07 * place)  # each lower than the one before, for they may stand close
            write(axes, name, at=at, coordinates=("data", "axes fraction"), shift=(4, 0), colour=MUTED)
        heading(axes, "Distances", note="share of the pairs by squared distance", shift=-_LEFT)
    return Drawing(figure=figure, alt=_words(same, different, names))


def _outline(axes: Axes, values: Values, *, name: str, colour: Colour, place: int) -> None:
    shares, edges = np.histogram(values, bins=_BINS, range=(0, 4))
    axes.stairs(shares / max(len(values), 1), edges, color=colour.light, fill=True, alpha=0.25)
    axes.stairs(shares / max(len(values), 1), edges, color=colour.light, linewidth=1.5)
    at = (0.68, 0.90 - 0.08 * place)
    axes.plot(*at, marker="s", markersize=8, markeredgewidth=0, color=colour.light, transform=axes.transAxes)
    write(axes, name, at=at, shift=(10, 0), colour=MUTED)


def _words(same: Values, different: Values, names: tuple[str, str]) -> str:
    middles = [
        f"{float(np.median(values)):.2f} for {name}" for values, name in zip((same, different), names, strict=True)
    ]
    beyond = float((same > different.min()).mean()) if len(same) and len(different) else 0.0
    return (
        f"Squared distances of pairs: the median is {' and '.join(middles)}; "
        f"{percentage(beyond)} of the first are farther than the nearest of the second."
    )
