"""Table 3: one inner layer of MobileNet under modifications that add up."""

from mobilenets.architecture.rows import Conv, Separable
from mobilenets.architecture.style import Row as LayerRow
from mobilenets.architecture.style import Style, Tap
from mobilenets.jobs.paper.entry import Column, Row, Table, millions, number
from mobilenets.jobs.paper.published import CONVOLUTION, NARROW, SEPARABLE, SMALL, Resources

_CHANNELS, _SIDE = 512, 14
_WIDTH, _RESOLUTION = 0.75, 0.714


def layer_table(place: int) -> Table:
    """A layer of 512 channels at 14x14: convolution, then separable, then narrower, then smaller (section 3.4)."""
    rows = (
        _row(CONVOLUTION, Conv(_CHANNELS)),
        _row(SEPARABLE, Separable(_CHANNELS)),
        _row(NARROW, Separable(_CHANNELS), width=_WIDTH),
        _row(SMALL, Separable(_CHANNELS), width=_WIDTH, resolution=_RESOLUTION),
    )
    columns = (Column("mult_adds", "mult-adds", "counted", "M"), Column("params", "params", "counted", "M"))
    note = f"Resolution multiplier {_RESOLUTION} makes the map of {_SIDE} pixels one of {_side(_RESOLUTION)}."
    return Table(place, "Resources of modifications of a convolution", columns, rows, note=note)


def _row(printed: Resources, row: LayerRow, *, width: float = 1.0, resolution: float = 1.0) -> Row:
    style = Style(width=width)
    side = _side(resolution)
    layers = row.lay(Tap("before", style.depth(_CHANNELS), (side, side)), style, "layer")
    # The paper counts weights here, as in Table 2.
    mult_adds = number(printed.mult_adds, millions(sum(layer.mult_adds for layer in layers)))
    params = number(printed.params, millions(sum(layer.weights for layer in layers)))
    return Row(printed.label, (mult_adds, params))


def _side(resolution: float) -> int:
    return round(_SIDE * resolution)
