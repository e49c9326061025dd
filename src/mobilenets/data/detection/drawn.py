"""Boxes as a source has them written: nothing left out yet, nothing mended."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.photos import Photo


@dataclass(frozen=True, slots=True)
class Listed:
    """A photograph that a source names; `size` is the (height, width) that it states."""

    photo: Photo
    split: str | None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The n boxes of all photographs.

    `owners` (n,) are places in the list of photographs, `boxes` (n, 4) left, top, right and bottom, `kinds` (n,)
    numbers of categories, `areas` (n,) NaN where the source has none.
    """

    owners: NDArray[np.int64]
    boxes: NDArray[np.float64]
    kinds: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    difficult: NDArray[np.bool_]
    areas: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.owners)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Drawn":
        """Some of the boxes, by a mask or by their places."""
        fields = (self.owners, self.boxes, self.kinds, self.crowd, self.difficult, self.areas)
        return Drawn(*(one[chosen] for one in fields))  # type: ignore[arg-type]


@dataclass(slots=True)
class Drawing:
    """Boxes as they are collected, one at a time."""

    owners: list[int] = field(default_factory=list)
    boxes: list[Sequence[float]] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    difficult: list[bool] = field(default_factory=list)

    def add(self, owner: int, box: Sequence[float], kind: int, *, difficult: bool = False) -> None:
        """A box (left, top, right, bottom) of the photograph at the place `owner`."""
        self.owners.append(owner)
        self.boxes.append(box)
        self.kinds.append(kind)
        self.difficult.append(difficult)

    def done(self) -> Drawn:
        """All of them; none is a crowd, and their areas are those of the boxes."""
        count = len(self.owners)
        return Drawn(
            owners=np.array(self.owners, dtype=np.int64),
            boxes=np.array(self.boxes, dtype=np.float64).reshape(count, 4),
            kinds=np.array(self.kinds, dtype=np.int64),
            crowd=np.zeros(count, dtype=np.bool_),
            difficult=np.array(self.difficult, dtype=np.bool_),
            areas=np.full(count, np.nan),
        )
