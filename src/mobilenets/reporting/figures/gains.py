"""What would be gained, part by part, as horizontal bars in the order given."""

from collections.abc import Mapping

from mobilenets.reporting.figures.axes import quiet, share_ticks
from mobilenets.reporting.figures.drawing import SMALL, Drawing, axes_at, blank, heading, house_style, write
from mobilenets.reporting.palette import WRONG
from mobilenets.reporting.text import percentage, shorten, width_em

_WIDTH, _ROW = 470.0, 24.0
_TOP, _BOTTOM = 36.0, 26.0
_NAME_EM = 20.0
_STEPS = 5
# An axis that ends at a hair's breadth would make nothing look like much.
_LEAST = 0.01


def gains(shares: Mapping[str, float], *, title: str) -> Drawing:
    """A bar for each name; `shares` are 0 or more of 1, shown as per cent. Raises ValueError for one below 0."""
    if any(share < 0 for share in shares.values()):
        raise ValueError("bars start at 0, and a share is below it")
    names = [shorten(name, limit_em=_NAME_EM) for name in shares]
    values = [percentage(share) for share in shares.values()]
    left = max((width_em(name) for name in names), default=0.0) * SMALL + 10
    right = max((width_em(value) for value in values), default=0.0) * SMALL + 14
    height = _ROW * max(len(names), 1)
    with house_style():
        figure = blank(width=_WIDTH, height=_TOP + height + _BOTTOM)
        axes = axes_at(figure, left=left, top=_TOP, width=_WIDTH - left - right, height=height)
        axes.set(xlim=(0, max([_LEAST, *shares.values()])), ylim=(max(len(names), 1), 0))
        quiet(axes, grid="x")
        axes.set_yticks([])
        share_ticks(axes.xaxis, steps=_STEPS)
        for place, (name, share, value) in enumerate(zip(names, shares.values(), values, strict=True)):
            middle = place + 0.5
            axes.barh(middle, share, height=0.72, color=WRONG.light)
            write(axes, name, at=(0, middle), coordinates="data", shift=(-8, 0), align="right")
            write(axes, value, at=(1, middle), coordinates=("axes fraction", "data"), shift=(10, 0))
        heading(axes, title, shift=-left)
    said = ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
    return Drawing(figure=figure, alt=f"{title}: {said or 'nothing to show'}.")
