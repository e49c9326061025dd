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
        if not len(self.ids):
            return np.full(len(leaves), -1)
        before = np.searchsorted(first_leaves(self.ids), leaves, side="right") - 1
        inside = (before >= 0) & (leaves <= last_leaves(self.ids)[before])
        return np.where(inside, before, -1)


def partition(latitude: Floats, longitude: Floats, *, most: int, fewest: int, finest: int = FINEST) -> Partition:
    """Start from the six faces, split each cell of more than `most` photographs, drop those of fewer than `fewest`.

    No cell is split beyond the level `finest`: one that holds more is `crowded`. Photographs in degrees (N,) are sorted
    once along the curve, so that a cell's are one slice between two searches.
    """
    unsorted = leaves_of(latitude, longitude)
    order = np.argsort(unsorted)
    leaves = unsorted[order]
    cells, crowded = _split(leaves, most=most, finest=finest)
    begins, counts = _slices(leaves, cells)
    kept = counts >= fewest
    small = (counts > 0) & ~kept
    vectors = unit_vectors(latitude[order], longitude[order])
    places = _places(vectors, cells[kept], begins[kept], counts[kept])
    return Partition(
        ids=cells[kept],
        counts=counts[kept],
        places=places,
        dropped=int(counts[small].sum()),
        dropped_cells=int(small.sum()),
        crowded=crowded,
    )


def _split(leaves: Ids, *, most: int, finest: int) -> tuple[Ids, int]:
    """The cells, sorted, with how many of them are too full."""
    done = []
    level, cells = 0, faces()
    while True:
        _, counts = _slices(leaves, cells)
        full = counts > most
        if level == finest:
            full[:] = False
        done.append(cells[~full])
        if not full.any():
            break
        level, cells = level + 1, children(cells[full]).reshape(-1)
    every = np.sort(np.concatenate(done))
    _, counts = _slices(leaves, every)
    return every, int((counts > most).sum())


def _slices(leaves: Ids, cells: Ids) -> tuple[Ints, Ints]:
    """Where each cell's photographs begin among sorted leaves, and how many they are."""
    begins = np.searchsorted(leaves, first_leaves(cells), side="left")
    return begins, np.searchsorted(leaves, last_leaves(cells), side="right") - begins


def _places(vectors: Floats, cells: Ids, begins: Ints, counts: Ints) -> Floats:
    """What each cell stands for; `vectors` (N, 3) are those of the sorted photographs."""
    places = centres(cells)
    enough = counts >= FEWEST_FOR_MEAN
    groups = np.repeat(np.arange(len(cells)), counts)
    offsets = np.arange(len(groups)) - np.repeat(np.cumsum(counts) - counts, counts)
    members = vectors[np.repeat(begins, counts) + offsets]
    places[enough] = mean_places(members, groups, count=len(cells))[enough]
    return places
