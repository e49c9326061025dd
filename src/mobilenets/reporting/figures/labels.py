"""Where labels go so that none covers another."""

from collections.abc import Sequence
from dataclasses import dataclass


def spread(wanted: Sequence[float], *, apart: float, low: float, high: float) -> list[float]:
    """Positions as near as can be to the wanted ones (least squares), in their order, at least `apart` apart.

    They stay within `low` to `high` where that is long enough. The result is in the order of `wanted`.
    """
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    # Pool adjacent violators: what would overlap moves as one block to the mean of its wishes.
    blocks: list[list[float]] = []
    for rank, place in enumerate(order):
        blocks.append([wanted[place] - rank * apart])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1].extend(last)
    starts = [_mean(block) for block in blocks for _ in block]
    top = high - apart * (len(wanted) - 1)
    placed = [max(low, min(top, start)) + rank * apart for rank, start in enumerate(starts)]
    return [placed[order.index(place)] for place in range(len(wanted))]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    left: float
    bottom: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """The area that two rectangles share."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        along = min(self.bottom + self.height, other.bottom + other.height) - max(self.bottom, other.bottom)
        return max(0.0, across) * max(0.0, along)

    def within(self, other: "Box") -> bool:
        """Whether this rectangle lies inside `other`."""
        across = other.left <= self.left and self.left + self.width <= other.left + other.width
        return across and other.bottom <= self.bottom and self.bottom + self.height <= other.bottom + other.height


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of `radius` in pixels that wants a label of that size."""

    x: float
    y: float
    radius: float
    width: float
    height: float


def place_labels(marks: Sequence[Mark], *, within: Box, taken: Sequence[Box] = ()) -> list[Box | None]:
    """A rectangle beside each point, earlier points first; None where there is no free place left.

    A label may cover neither another label nor a point nor what is `taken`, nor leave `within`.
    """
    points = [Box(mark.x - mark.radius, mark.y - mark.radius, 2 * mark.radius, 2 * mark.radius) for mark in marks]
    fixed = [*points, *taken]
    placed: list[Box | None] = []
    for mark in marks:
        full = [*fixed, *(box for box in placed if box is not None)]
        free = (box for box in _around(mark) if box.within(within) and not any(box.overlap(other) for other in full))
        placed.append(next(free, None))
    return placed


def _around(mark: Mark) -> list[Box]:
    """Right, left, above, below, then the corners: the order in which a reader looks for a label."""
    right, left = mark.x + mark.radius + 3, mark.x - mark.radius - 3 - mark.width
    above, below = mark.y + mark.radius + 1, mark.y - mark.radius - 1 - mark.height
    centre, middle = mark.x - mark.width / 2, mark.y - mark.height / 2
    corners = [(right, middle), (left, middle), (centre, above), (centre, below)]
    corners += [(right, above), (left, above), (right, below), (left, below)]
    return [Box(x, y, mark.width, mark.height) for x, y in corners]
