"""Scales and ticks that read well: per cent, whole epochs, costs on a logarithmic axis."""

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, ScalarFormatter

_THOUSAND, _MILLION = 1e3, 1e6
_TWO_DECADES = 100.0


def quiet(axes: Axes, *, grid: str = "y") -> None:
    """Thin lines across one direction ("x" or "y"), an axis line along the other and nothing else."""
    if grid == "x":
        axes.grid(axis="x")
        axes.spines.bottom.set_visible(False)
        axes.tick_params(axis="x", length=0)
    else:
        axes.grid(axis="y")
        axes.spines.left.set_visible(False)


def share_ticks(axis: Axis, *, steps: int = 5) -> None:
    """Ticks of an axis of 0 to 1, as per cent, in at most that many steps."""
    axis.set_major_locator(MaxNLocator(steps, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g}\u202f%"))


def value_ticks(axis: Axis, *, steps: int = 5) -> None:
    """Ticks of an axis of any number, in at most that many steps."""
    axis.set_major_locator(MaxNLocator(steps))
    axis.set_major_formatter(ScalarFormatter(useOffset=False))


def whole_ticks(axis: Axis) -> None:
    """Ticks at whole numbers, for epochs."""
    axis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def log_ticks(axis: Axis, *, low: float, high: float) -> None:
    """Ticks of a logarithmic axis that shows `low` to `high`: 1, 2, 5, 10, or powers of ten over a long way."""
    subs = (1.0, 2.0, 5.0) if high / low <= _TWO_DECADES else (1.0,)
    axis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))


def compact(value: float) -> str:
    """A number short enough for a tick: `569000000` is `569 M`."""
    if abs(value) >= _MILLION:
        return f"{value / _MILLION:,.4g}\u202fM"
    return f"{value:,.0f}" if abs(value) >= _THOUSAND else f"{value:g}"
