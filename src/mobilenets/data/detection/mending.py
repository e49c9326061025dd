"""Boxes turned with their photograph, clipped to it, and left out where nothing of them can be used."""

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.drawn import Drawn
from mobilenets.data.detection.tally import Finding, Tally

Boxes = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Formats write a few digits: an edge this little outside (pixels) is no error of the annotation.
_ROUNDING = 0.02


def turned(boxes: Boxes, orientations: NDArray[np.int64], stored: NDArray[np.int64]) -> Boxes:
    """Boxes (n, 4) in pixels of pictures of the `stored` (n, 2) height and width, turned as EXIF orientations say.

    Only those that swap width and height are known, 5 to 8; boxes with any other stay.
    """
    left, top, right, bottom = boxes.T
    height, width = stored.T.astype(np.float64)
    ways = {
        5: (top, left, bottom, right),
        6: (height - bottom, left, height - top, right),
        7: (height - bottom, width - right, height - top, width - left),
        8: (top, width - right, bottom, width - left),
    }
    result = boxes.copy()
    for orientation, corners in ways.items():
        chosen = orientations == orientation
        result[chosen] = np.stack(corners, axis=1)[chosen]
    return result


def mended(drawn: Drawn, sizes: NDArray[np.int64], tally: Tally, *, names: list[str]) -> Drawn:
    """The boxes that can be used, clipped to their photographs, each with an area.

    `sizes` (photographs, 2) are heights and widths, `names` what the photographs are called in the tally.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        sides = drawn.boxes[:, 2:] - drawn.boxes[:, :2]
    usable: Mask = np.isfinite(drawn.boxes.sum(axis=1)) & np.isfinite(sides.sum(axis=1))
    _count(tally, "no number", ~usable, drawn, names)
    negative: Mask = usable & (sides.min(axis=1) < 0)
    flat: Mask = usable & ~negative & (sides.min(axis=1) == 0)
    _count(tally, "negative size", negative, drawn, names)
    _count(tally, "no area", flat, drawn, names)
    usable = usable & ~negative & ~flat
    drawn = drawn.where(usable)
    edges = sizes[drawn.owners][:, [1, 0, 1, 0]]
    clipped = drawn.boxes.clip(0, edges)
    inside: Mask = (clipped[:, 2:] - clipped[:, :2]).min(axis=1) > 0
    over: Mask = np.abs(clipped - drawn.boxes).max(axis=1) > _ROUNDING
    _count(tally, "outside", ~inside, drawn, names)
    _count(tally, "clipped", inside & over, drawn, names)
    areas = _areas(clipped, drawn.areas)
    fitted = Drawn(drawn.owners, clipped, drawn.kinds, drawn.crowd, drawn.difficult, areas)
    return fitted.where(inside)


def _areas(boxes: Boxes, stated: NDArray[np.float64]) -> NDArray[np.float64]:
    """The stated area of each outline, or the box's where none is stated that makes sense."""
    own = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return np.where(np.isfinite(stated) & (stated > 0), stated, own)


def _count(tally: Tally, finding: Finding, which: Mask, drawn: Drawn, names: list[str]) -> None:
    places = np.flatnonzero(which)
    tally.add(finding, len(places), first=names[int(drawn.owners[places[0]])] if len(places) else "")
