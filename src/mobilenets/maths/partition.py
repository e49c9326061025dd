"""The adaptive partition of the earth into cells by where photographs were taken (PlaNet, Weyand et al. 2016)."""

from dataclasses import dataclass

import numpy as np

from mobilenets.maths.cells import FINEST, Floats, Ids, Ints, centres, children, faces, first_leaves, last_leaves
from mobilenets.maths.cells import leaf_ids as leaves_of
from mobilenets.maths.sphere import mean_places, unit_vectors

FEWEST_FOR_MEAN = 5
"""A cell with fewer photographs stands for its middle: the mean of a few would say where somebody stood."""


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Cells that do not overlap, in the order of their numbers.

    `ids`, `counts` (M,) and `places` (M, 2): how many photographs each holds, and the place in degrees that it stands
    for, their mean on the sphere (its middle where they are fewer than `FEWEST_FOR_MEAN`). `dropped` photographs lay in
    cells with too few, of which there were `dropped_cells`; `crowded` cells hold too many and can be split no more.
    """

    ids: Ids
    counts: Ints
    places: Floats
    dropped: int = 0
    dropped_cells: int = 0
    crowded: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    def find(self, leaves: Ids) -> Ints:
        """The place in `ids` of the cell that holds each leaf (N,); -1 where none does."""
        return _holding(self.ids, leaves)


def partition(latitude: Floats, longitude: Floats, *, most: int, fewest: int, finest: int = FINEST) -> Partition:
    """Start from the six faces, split each cell of more than `most` photographs, drop those of fewer than `fewest`.

    No cell is split beyond the level `finest`: one that holds more is `crowded`. Photographs in degrees (N,) are sorted
    once along the curve, so that a cell's are one slice between two searches.
    """
    unsorted = leaves_of(latitude, longitude)
    order = np.argsort(unsorted)
    leaves = unsorted[order]
    cells, crowded = _split(leaves, most=most, finest=finest)
    counts = _counts(leaves, cells)
    kept = counts >= fewest
    small = (counts > 0) & ~kept
    vectors = unit_vectors(latitude[order], longitude[order])
    return Partition(
        ids=cells[kept],
        counts=counts[kept],
        places=_places(vectors, leaves, cells[kept], counts[kept]),
        dropped=int(counts[small].sum()),
        dropped_cells=int(small.sum()),
        crowded=crowded,
    )


def _split(leaves: Ids, *, most: int, finest: int) -> tuple[Ids, int]:
    """The cells, sorted, with how many of them are too full."""
    done: list[Ids] = []
    level, cells = 0, faces()
    full = _counts(leaves, cells) > most
    while full.any() and level < finest:
        done.append(cells[~full])
        level, cells = level + 1, children(cells[full]).reshape(-1)
        full = _counts(leaves, cells) > most
    return np.sort(np.concatenate([*done, cells])), int(full.sum())


def _counts(leaves: Ids, cells: Ids) -> Ints:
    """How many of the sorted leaves each cell holds."""
    begins = np.searchsorted(leaves, first_leaves(cells), side="left")
    return np.searchsorted(leaves, last_leaves(cells), side="right") - begins


def _places(vectors: Floats, leaves: Ids, cells: Ids, counts: Ints) -> Floats:
    """What each cell stands for; `vectors` (N, 3) are those of the photographs at `leaves`."""
    places = centres(cells)
    enough = counts >= FEWEST_FOR_MEAN
    groups = _holding(cells, leaves)
    inside = groups >= 0
    places[enough] = mean_places(vectors[inside], groups[inside], count=len(cells))[enough]
    return places


def _holding(cells: Ids, leaves: Ids) -> Ints:
    """The place of the cell that holds each leaf (N,), -1 where none of the sorted cells does."""
    if not len(cells):
        return np.full(len(leaves), -1)
    before = np.searchsorted(first_leaves(cells), leaves, side="right") - 1
    inside = (before >= 0) & (leaves <= last_leaves(cells)[before])
    return np.where(inside, before, -1)
