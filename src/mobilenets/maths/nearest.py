"""The nearest neighbours of many things among many others, exactly, block by block: memory does not grow with pairs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROWS = 512
# Of the columns, so many numbers at a time as a core's own cache holds (hashes) or a product of matrices likes.
_HASHES, _VECTORS = 1024, 4096
# More than any two hashes of 64 bits differ in.
_FAR = 255


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows, some columns, and the distance of each pair of them."""

    rows: slice
    columns: slice
    distances: NDArray[np.float32] | NDArray[np.uint8]


class Nearest:
    """Of each row the nearest column so far: `places` (N,), -1 where there is none, and `distances` (N,)."""

    def __init__(self, count: int) -> None:
        self.places: NDArray[np.int64] = np.full(count, -1)
        self.distances: NDArray[np.float32] = np.full(count, np.inf, np.float32)

    def take(self, block: Block, *, allowed: NDArray[np.bool_] | None = None) -> None:
        """Look through a block, of which only the `allowed` pairs count; of equals the first column stays."""
        distances = block.distances
        far = distances.dtype.type(_FAR if distances.dtype == np.uint8 else np.inf)
        if allowed is not None:
            distances = np.where(allowed, distances, far)
        best = distances.argmin(1)
        found = distances[np.arange(len(best)), best]
        nearer = np.flatnonzero((found < self.distances[block.rows]) & (found < far))
        self.places[block.rows.start + nearer] = block.columns.start + best[nearer]
        self.distances[block.rows.start + nearer] = found[nearer]


def hash_blocks(rows: NDArray[np.uint64], columns: NDArray[np.uint64], *, turned: int = 0) -> Iterator[Block]:
    """Bits in which hashes (N,) and (M,) differ, as they are or with the bits of `turned` changed, whichever fewer."""
    also = rows ^ np.uint64(turned)
    for high, wide in _places(len(rows), len(columns), wide=_HASHES):
        here = columns[wide][None, :]
        distances = np.bitwise_count(rows[high][:, None] ^ here)
        if turned:
            np.minimum(distances, np.bitwise_count(also[high][:, None] ^ here), out=distances)
        yield Block(high, wide, distances)


def feature_blocks(rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Iterator[Block]:
    """Cosine distances (one less the cosine) of unit vectors (N, channels) and (M, channels)."""
    for high, wide in _places(len(rows), len(columns), wide=_VECTORS):
        yield Block(high, wide, np.float32(1.0) - rows[high] @ columns[wide].T)


def _places(rows: int, columns: int, *, wide: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, rows, _ROWS):
        for left in range(0, columns, wide):
            yield slice(top, min(top + _ROWS, rows)), slice(left, min(left + wide, columns))
