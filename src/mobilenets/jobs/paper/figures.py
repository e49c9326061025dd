"""Figures 4 and 5, drawn: colour and marker say the resolution, names the width and the resolution."""

from collections.abc import Callable, Sequence

from matplotlib import patheffects
from matplotlib.axes import Axes

from mobilenets.jobs.paper.tradeoff import Fit, Network
from mobilenets.reporting.figures.axes import log_ticks, quiet
from mobilenets.reporting.figures.drawing import TEXT, Drawing, axes_at, blank, house_style, write
from mobilenets.reporting.palette import INK, MUTED, PAPER, SERIES, Colour

_WIDTH, _HEIGHT = 800.0, 520.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 52.0, 72.0, 16.0, 52.0
_INSIDE_WIDTH, _INSIDE_HEIGHT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_MARKERS = "osD^"
_ACCURACIES = (39.0, 75.0)
_ROOM_LEFT, _ROOM_RIGHT = 1.25, 1.4
_SOLID, _DASHED = (0, ()), (0, (4, 3))
# Points of Figure 4 lie along a rising line: names stand below it, save where the next point is in the way.
_BELOW, _ABOVE = (9.0, -8.0), (-9.0, 8.0)
_NAMED_ABOVE = {
    (0.75, 128): _ABOVE,
    (0.75, 160): _ABOVE,
    (0.75, 192): (-11.0, 3.0),
    (1.0, 160): (-4.0, 15.0),
    (1.0, 192): _ABOVE,
}
# Points of Figure 5 stand one above the other, the two highest close together.
_BESIDE = {224: (11.0, 3.0), 192: (11.0, -3.0)}


def figure_4(networks: Sequence[Network], *, every: Fit, wide: Fit) -> Drawing:
    """Accuracy against mult-adds, with the log-linear fit over all networks and that over the wider ones."""
    with house_style():
        figure = blank(width=_WIDTH, height=_HEIGHT)
        axes = axes_at(figure, left=_LEFT, top=_TOP, width=_INSIDE_WIDTH, height=_INSIDE_HEIGHT)
        _scale(axes, [one.mult_adds for one in networks])
        _words(axes, "Figure 4. Accuracy against mult-adds", cost="mult-adds for one image")
        _line(axes, every, _SOLID, f"fit to all {len(every.residuals)}: R² = {every.r_squared:.3f}", up=52)
        _line(axes, wide, _DASHED, f"fit to the {len(wide.residuals)} of width ≥ 0.5: R² = {wide.r_squared:.3f}", up=30)
        _points(axes, networks, lambda one: one.mult_adds)
        for one in networks:
            _name(axes, one, cost=one.mult_adds, shift=_NAMED_ABOVE.get((one.width, one.resolution), _BELOW))
    rise = f"accuracy rises by {every.slope:.1f} points with each tenfold of mult-adds (R² = {every.r_squared:.3f})"
    return Drawing(figure=figure, alt=f"{len(networks)} MobileNets by mult-adds and top-1 accuracy: {rise}.")


def figure_5(networks: Sequence[Network]) -> Drawing:
    """Accuracy against params; a line joins the widths at each resolution."""
    with house_style():
        figure = blank(width=_WIDTH, height=_HEIGHT)
        axes = axes_at(figure, left=_LEFT, top=_TOP, width=_INSIDE_WIDTH, height=_INSIDE_HEIGHT)
        _scale(axes, [one.params for one in networks])
        _words(axes, "Figure 5. Accuracy against params", cost="params")
        for resolution, colour in _colours(networks).items():
            joined = sorted((one.params, one.released) for one in networks if one.resolution == resolution)
            axes.plot(*zip(*joined, strict=True), color=colour.light, linewidth=1, alpha=0.5, zorder=1)
        _points(axes, networks, lambda one: one.params)
        for one in networks:
            _name(axes, one, cost=one.params, shift=_BESIDE.get(one.resolution, (11.0, 0.0)))
    said = "params depend on the width alone, and at each of the four widths accuracy rises with the resolution"
    return Drawing(figure=figure, alt=f"{len(networks)} MobileNets by params and top-1 accuracy: {said}.")


def _colours(networks: Sequence[Network]) -> dict[int, Colour]:
    resolutions = sorted({one.resolution for one in networks}, reverse=True)
    return dict(zip(resolutions, SERIES, strict=False))


def _scale(axes: Axes, costs: Sequence[int]) -> None:
    quiet(axes)
    low, high = min(costs) / _ROOM_LEFT, max(costs) * _ROOM_RIGHT
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    log_ticks(axes.xaxis, low=low, high=high)
    axes.set_ylim(*_ACCURACIES)
    axes.yaxis.set_major_formatter("{x:g} %")


def _words(axes: Axes, title: str, *, cost: str) -> None:
    write(axes, title, at=(0, 1), shift=(-_LEFT + 12, 44), size=TEXT + 2, bold=True)
    below = "ImageNet top-1 of the released checkpoints; a ring where the paper's tables print another figure"
    write(axes, below, at=(0, 1), shift=(-_LEFT + 12, 22), colour=MUTED)
    write(axes, f"{cost} (log scale)", at=(0.5, 0), shift=(0, -38), colour=MUTED, align="center")


def _line(axes: Axes, fit: Fit, dashes: tuple[int, tuple[int, ...]], words: str, *, up: float) -> None:
    """A fit across the whole figure, and its key in the lower right corner, where no network can be."""
    ends = axes.get_xlim()
    axes.plot(ends, [fit.at(end) for end in ends], color=MUTED.light, linewidth=1.3, linestyle=dashes, zorder=1)
    axes.set_xlim(ends)
    height = up / _INSIDE_HEIGHT
    sample = [1 - 300 / _INSIDE_WIDTH, 1 - 264 / _INSIDE_WIDTH]
    transform = axes.transAxes
    axes.plot(sample, [height, height], color=MUTED.light, linewidth=1.3, linestyle=dashes, transform=transform)
    write(axes, words, at=(sample[1], height), shift=(8, 0), colour=MUTED)


def _points(axes: Axes, networks: Sequence[Network], cost: Callable[[Network], int]) -> None:
    """The networks, and the key to their resolutions above the right end."""
    for place, (resolution, colour) in enumerate(_colours(networks).items()):
        marker = _MARKERS[place]
        for one in networks:
            if one.resolution == resolution:
                _point(axes, one, cost=cost(one), colour=colour, marker=marker)
        along = 1 - (52 * (3 - place) + 40) / _INSIDE_WIDTH
        height = 1 + 44 / _INSIDE_HEIGHT
        key = axes.plot(along, height, marker, color=colour.light, markersize=8, markeredgewidth=0, clip_on=False)
        key[0].set_transform(axes.transAxes)
        write(axes, str(resolution), at=(along, height), shift=(9, 0), colour=colour)
    write(axes, "resolution", at=(1, 1), shift=(-52 * 3 - 52, 44), colour=MUTED, align="right")


def _point(axes: Axes, one: Network, *, cost: int, colour: Colour, marker: str) -> None:
    dot = axes.plot(cost, one.released, marker, color=colour.light, markersize=9, zorder=3)
    dot[0].set(markeredgecolor=PAPER.light, markeredgewidth=0.8)
    if one.printed is not None and one.printed != one.released:
        ring = axes.plot(cost, one.printed, "o", markersize=6, zorder=2)
        ring[0].set(markerfacecolor="none", markeredgecolor=colour.light, markeredgewidth=1.2)


def _name(axes: Axes, one: Network, *, cost: int, shift: tuple[float, float]) -> None:
    align = "left" if shift[0] > 0 else "right"
    at = (cost, one.released)
    text = write(axes, f"{one.width}-{one.resolution}", at=at, coordinates="data", shift=shift, colour=INK, align=align)
    # Paper around the letters, so that a line behind them does not strike them through.
    text.set_path_effects([patheffects.withStroke(linewidth=3, foreground=PAPER.light)])
