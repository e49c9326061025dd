"""The reliability diagram: is the network right as often as it says?"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from mobilenets.maths.classification import ReliabilityBin, calibration_error
from mobilenets.reporting.figures.axes import quiet, share_ticks
from mobilenets.reporting.figures.drawing import Drawing, axes_at, blank, heading, house_style, write
from mobilenets.reporting.palette import MUTED, RIGHT, WRONG, Colour
from mobilenets.reporting.text import percentage

_WIDTH, _SIDE = 430.0, 300.0
_LEFT, _TOP = 56.0, 40.0
_COUNTS, _BETWEEN = 56.0, 14.0
_BOTTOM = 46.0


def reliability(bins: Sequence[ReliabilityBin]) -> Drawing:
    """Accuracy by confidence against the diagonal on which both agree, and below how many answers each bin holds."""
    filled = [part for part in bins if part.count]
    with house_style():
        figure = blank(width=_WIDTH, height=_TOP + _SIDE + _BETWEEN + _COUNTS + _BOTTOM)
        width = _WIDTH - _LEFT - 24
        upper = axes_at(figure, left=_LEFT, top=_TOP, width=width, height=_SIDE)
        lower = axes_at(figure, left=_LEFT, top=_TOP + _SIDE + _BETWEEN, width=width, height=_COUNTS)
        _accuracy(upper, filled)
        _counts(lower, filled)
    return Drawing(figure=figure, alt=f"Accuracy by confidence in {len(filled)} bins: {_verdict(bins)}.")


def _verdict(bins: Sequence[ReliabilityBin]) -> str:
    total = sum(part.count for part in bins)
    if not total:
        return "no answers"
    surplus = sum(part.count * (part.confidence - part.accuracy) for part in bins if part.count) / total
    direction = "over-confident" if surplus > 0 else "under-confident"
    return f"calibration error {percentage(calibration_error(bins))}, {direction} on the whole"


def _accuracy(axes: Axes, bins: Sequence[ReliabilityBin]) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1))
    quiet(axes)
    share_ticks(axes.xaxis)
    share_ticks(axes.yaxis)
    axes.tick_params(axis="x", labelbottom=False)
    for part in bins:
        _bar(axes, part, bottom=0.0, top=part.accuracy, colour=RIGHT)
        _bar(axes, part, bottom=part.accuracy, top=part.confidence, colour=WRONG)
    axes.plot((0, 1), (0, 1), color=MUTED.light, linewidth=1, linestyle=(0, (4, 3)))
    heading(axes, "Accuracy by confidence", note=_verdict(bins).partition(",")[0], shift=-_LEFT)
    for place, (words, colour) in enumerate((("accuracy", RIGHT), ("gap to the confidence", WRONG))):
        at = (0.03, 0.95 - 0.07 * place)
        axes.plot(*at, marker="s", markersize=8, markeredgewidth=0, color=colour.light, transform=axes.transAxes)
        write(axes, words, at=at, shift=(10, 0), colour=MUTED)


def _bar(axes: Axes, part: ReliabilityBin, *, bottom: float, top: float, colour: Colour) -> None:
    gap = 0.004
    width = max(part.high - part.low - 2 * gap, gap)
    axes.add_patch(Rectangle((part.low + gap, bottom), width, top - bottom, facecolor=colour.light, edgecolor="none"))


def _counts(axes: Axes, bins: Sequence[ReliabilityBin]) -> None:
    most = max((part.count for part in bins), default=1)
    axes.set(xlim=(0, 1), ylim=(0, most))
    quiet(axes)
    share_ticks(axes.xaxis)
    axes.set_yticks([0, most], labels=["0", f"{most:,}"])
    for part in bins:
        _bar(axes, part, bottom=0.0, top=part.count, colour=MUTED)
    write(axes, "answers", at=(0, 1), shift=(6, -6), colour=MUTED)
    write(axes, "confidence", at=(0.5, 0), shift=(0, -38), colour=MUTED, align="center", vertical="bottom")
