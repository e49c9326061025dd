"""One value a class as horizontal bars, the lowest first: that is where the work is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from mobilenets.reporting.figures.axes import quiet, share_ticks, value_ticks
from mobilenets.reporting.figures.drawing import SMALL, Drawing, axes_at, blank, heading, house_style, write
from mobilenets.reporting.palette import INK, MUTED, RIGHT
from mobilenets.reporting.text import percentage, shorten, width_em

_WIDTH, _NARROWEST, _ROW = 470.0, 150.0, 22.0
_TOP, _BOTTOM = 36.0, 26.0
_STEP = 60.0
_NAME_EM = 20.0


@dataclass(frozen=True, slots=True)
class _Bar:
    name: str
    value: float | None
    count: int | None


def bars(
    names: Sequence[str],
    values: Sequence[float | None],
    *,
    title: str,
    counts: Sequence[int] | None = None,
    share: bool = True,
    most: int = 50,
    things: str = "classes",
) -> Drawing:
    """A bar from 0 for each name, sorted from the lowest value; the dashed line is their mean.

    `values` are 0 or more; None or what is not finite (a class without images) has no bar and stands last. `counts`
    are written behind the values: of how many images. `share` shows values of 0 to 1 as per cent. Of more than `most`
    names the lowest are shown, and the figure says so. `things` are what has the names. Raises ValueError when the
    lengths differ or a value is below 0.
    """
    every = _sorted(names, values, counts)
    shown = every[:most]
    measured = [bar.value for bar in every if bar.value is not None]
    mean = float(np.mean(measured)) if measured else None
    note = _note(every, shown=len(shown), mean=mean, share=share)
    left = max((width_em(_name(bar)) for bar in shown), default=0.0) * SMALL + 10
    right = max((width_em(_value(bar, share=share)) for bar in shown), default=0.0) * SMALL + 14
    inside = max(_NARROWEST, _WIDTH - left - right)
    with house_style():
        figure = blank(width=left + inside + right, height=_TOP + _ROW * max(len(shown), 1) + _BOTTOM)
        axes = axes_at(figure, left=left, top=_TOP, width=inside, height=_ROW * max(len(shown), 1))
        _draw(axes, shown, mean=mean, share=share, steps=int(inside / _STEP))
        heading(axes, title, note=note, shift=-left, limit_em=(left + inside + right) / (SMALL + 2))
    return Drawing(figure=figure, alt=_alt(title, every, things=things, mean=mean, share=share))


def _sorted(names: Sequence[str], values: Sequence[float | None], counts: Sequence[int] | None) -> list[_Bar]:
    known = [float(value) if value is not None and np.isfinite(value) else None for value in values]
    if any(value is not None and value < 0 for value in known):
        raise ValueError("bars start at 0, and a value is below it")
    of = counts if counts is not None else [None] * len(known)
    every = [_Bar(name=name, value=value, count=count) for name, value, count in zip(names, known, of, strict=True)]
    return sorted(every, key=lambda bar: float("inf") if bar.value is None else bar.value)


def _draw(axes: Axes, shown: Sequence[_Bar], *, mean: float | None, share: bool, steps: int) -> None:
    largest = max((bar.value for bar in shown if bar.value is not None), default=0.0)
    axes.set(xlim=(0, 1 if share else largest or 1), ylim=(max(len(shown), 1), 0))
    quiet(axes, grid="x")
    axes.set_yticks([])
    (share_ticks if share else value_ticks)(axes.xaxis, steps=steps)
    for place, bar in enumerate(shown):
        middle = place + 0.5
        write(axes, _name(bar), at=(0, middle), coordinates="data", shift=(-8, 0), align="right")
        if bar.value is not None:
            axes.barh(middle, bar.value, height=0.72, color=RIGHT.light)
        at = (1.0, middle)
        colour = MUTED if bar.value is None else INK
        write(
            axes, _value(bar, share=share), at=at, coordinates=("axes fraction", "data"), shift=(10, 0), colour=colour
        )
    if mean is not None:
        axes.axvline(mean, color=MUTED.light, linewidth=1, linestyle=(0, (4, 3)))


def _note(every: Sequence[_Bar], *, shown: int, mean: float | None, share: bool) -> str:
    lowest = f"the {shown} lowest of {len(every):,}, " if shown < len(every) else ""
    return "no values" if mean is None else f"{lowest}mean {_shown(mean, share=share)} (dashed)"


def _name(bar: _Bar) -> str:
    return shorten(bar.name, limit_em=_NAME_EM)


def _value(bar: _Bar, *, share: bool) -> str:
    of = "" if bar.count is None else f" of {bar.count:,}"
    return "no images" if bar.value is None else _shown(bar.value, share=share) + of


def _shown(value: float, *, share: bool) -> str:
    return percentage(value) if share else f"{value:.4g}"


def _alt(title: str, every: Sequence[_Bar], *, things: str, mean: float | None, share: bool) -> str:
    measured = [bar for bar in every if bar.value is not None]
    if mean is None:
        return f"{title}: no values."
    lowest, highest = (f"{bar.name} {_value(bar, share=share)}" for bar in (measured[0], measured[-1]))
    none = f"; {len(every) - len(measured)} without images" if len(measured) < len(every) else ""
    words = f"lowest {lowest}, highest {highest}, mean {_shown(mean, share=share)}{none}"
    return f"{title} of {len(every):,} {things}: {words}."
