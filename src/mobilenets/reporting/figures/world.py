"""Geocells on a map: the earth as degrees of longitude and latitude, cells coloured by what they hold.

There are no coastlines: cells are small where many photographs were taken, and that draws the continents.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from mobilenets.reporting.figures.drawing import SMALL, Drawing, axes_at, blank, heading, house_style, write
from mobilenets.reporting.palette import INK, LINE, MUTED, ORANGE, RIGHT

_WIDTH, _TALLEST, _SHORTEST = 760.0, 520.0, 200.0
_LEFT, _TOP, _BOTTOM, _RIGHT, _BAR = 48.0, 36.0, 30.0, 110.0, 12.0
_PIXELS = 1140
# Beyond half the earth the whole of it is shown; a margin stands around what is shown, of two degrees at least.
_HALF, _WHOLE, _MARGIN, _LEAST = 180.0, 360.0, 0.15, 2.0
_POLE = 90.0
_DOTS = 3_000

Floats = NDArray[np.float64]
Find = Callable[[Floats, Floats], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class _Window:
    """The degrees that are shown; `east` may be over 180, where the window crosses the antimeridian."""

    west: float
    east: float
    south: float
    north: float

    def shift(self, longitude: Floats) -> Floats:
        """Longitudes as they stand in the window."""
        return self.west + (longitude - self.west) % _WHOLE


def world(find: Find, *, counts: NDArray[np.int64], places: Floats, title: str, note: str = "") -> Drawing:
    """Cells in the colour of their number of photographs, edges between them, a dot at the place each stands for.

    `find` gives the cell (N,) of latitudes and longitudes (N,), -1 where there is none; `counts` (M,) and `places`
    (M, 2) in degrees are of the cells. The window holds all places; it is the whole earth where they are far apart.
    """
    window = _window(places)
    wide = _WIDTH - _LEFT - _RIGHT
    tall = float(np.clip(wide * (window.north - window.south) / (window.east - window.west), _SHORTEST, _TALLEST))
    with house_style():
        figure = blank(width=_WIDTH, height=_TOP + tall + _BOTTOM)
        axes = axes_at(figure, left=_LEFT, top=_TOP, width=wide, height=tall)
        _draw_cells(axes, window, find, counts, rows=round(_PIXELS * tall / wide))
        _draw_places(axes, window, places)
        _draw_degrees(axes, window)
        scale = axes_at(figure, left=_LEFT + wide + 16, top=_TOP, width=_BAR, height=tall)
        _draw_scale(scale, counts)
        heading(axes, title, note=note, limit_em=wide / (SMALL + 2))
    alt = f"{title}: {len(counts):,} cells, of {counts.min():,} to {counts.max():,} photographs."
    return Drawing(figure=figure, alt=alt)


def _window(places: Floats) -> _Window:
    latitude, longitude = places.T
    turn = np.radians(longitude)
    middle = float(np.degrees(np.arctan2(np.sin(turn).mean(), np.cos(turn).mean())))
    offsets = (longitude - middle + _HALF) % _WHOLE - _HALF
    margin = max(_MARGIN * max(np.ptp(offsets), np.ptp(latitude)), _LEAST)
    west, east = offsets.min() - margin, offsets.max() + margin
    south, north = max(latitude.min() - margin, -_POLE), min(latitude.max() + margin, _POLE)
    if east - west > _HALF:
        return _Window(-_HALF, _HALF, -_POLE, _POLE)
    return _Window(float(middle + west), float(middle + east), float(south), float(north))


def _draw_cells(axes: Axes, window: _Window, find: Find, counts: NDArray[np.int64], *, rows: int) -> None:
    longitude = np.linspace(window.west, window.east, _PIXELS, endpoint=False)
    latitude = np.linspace(window.north, window.south, rows, endpoint=False)
    longitude += (window.east - window.west) / _PIXELS / 2
    latitude -= (window.north - window.south) / rows / 2
    grid_latitude, grid_longitude = np.meshgrid(latitude, longitude, indexing="ij")
    wrapped = (grid_longitude.ravel() + _HALF) % _WHOLE - _HALF
    cells = find(grid_latitude.ravel(), wrapped).reshape(rows, _PIXELS)
    shades = np.ma.masked_where(cells < 0, counts[cells].astype(np.float64))
    extent = (window.west, window.east, window.south, window.north)
    axes.imshow(shades, extent=extent, aspect="auto", cmap=_colours(), norm=_norm(counts), interpolation="nearest")
    axes.imshow(_edges(cells), extent=extent, aspect="auto", interpolation="nearest")


def _edges(cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Lines (rows, columns, RGBA) where one cell ends and another begins."""
    edge = np.zeros(cells.shape, dtype=bool)
    edge[:, 1:] |= cells[:, 1:] != cells[:, :-1]
    edge[1:] |= cells[1:] != cells[:-1]
    lines = np.zeros((*cells.shape, 4))
    lines[edge] = (*(int(MUTED.light[place : place + 2], 16) / 255 for place in (1, 3, 5)), 0.8)
    return lines


def _draw_places(axes: Axes, window: _Window, places: Floats) -> None:
    size = float(np.clip(_DOTS / len(places), 1.5, 14))
    axes.scatter(window.shift(places[:, 1]), places[:, 0], s=size, color=ORANGE.light, linewidths=0, zorder=3)


def _draw_degrees(axes: Axes, window: _Window) -> None:
    axes.set(xlim=(window.west, window.east), ylim=(window.south, window.north))
    for axis, letters in ((axes.xaxis, "EW"), (axes.yaxis, "NS")):
        axis.set_major_locator(MaxNLocator(8, steps=[1, 1.5, 2, 3, 4.5, 6, 9, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _, letters=letters: _degrees(value, letters)))
    axes.grid(color=LINE.light, linewidth=0.6, zorder=2)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(True)


def _degrees(value: float, letters: str) -> str:
    value = (value + _HALF) % _WHOLE - _HALF if letters == "EW" else value
    letter = "" if value in (0, -_HALF) else letters[int(value < 0)]
    return f"{abs(value):g}°{letter}"


def _draw_scale(axes: Axes, counts: NDArray[np.int64]) -> None:
    norm = _norm(counts)
    assert norm.vmin is not None and norm.vmax is not None
    shades = np.geomspace(norm.vmin, norm.vmax, 256)
    axes.imshow(shades[:, None], aspect="auto", origin="lower", extent=(0, 1, 0, 1), cmap=_colours(), norm=norm)
    axes.set_xticks([])
    axes.set_yticks([])
    for at, value in ((0.0, counts.min()), (1.0, counts.max())):
        write(axes, f"{value:,}", at=(1, at), shift=(6, 4 if at == 0 else -4), colour=INK)
    write(axes, "photographs", at=(1, 0.5), shift=(6, 0), colour=MUTED, size=SMALL - 1)


def _norm(counts: NDArray[np.int64]) -> LogNorm:
    return LogNorm(vmin=float(counts.min()), vmax=float(max(counts.max(), counts.min() + 1)))


def _colours() -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list("photographs", ["#e4effa", RIGHT.light, "#0b3c5f"])
