"""The nearest of many vectors, exactly: one pass over all of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Rows of a product at a time: what is read of a file that is mapped into memory may go again.
_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class Nearest:
    """The `places` of the nearest vectors with their squared `distances`, the nearest first."""

    places: NDArray[np.int64]
    distances: Floats


def nearest(vectors: Floats, query: Floats, *, count: int) -> Nearest:
    """The `count` unit vectors of (N, D) that are nearest to `query` (D,); all of them where there are fewer.

    Of equally near ones the earlier comes first. `vectors` may be a file mapped into memory.
    """
    products = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _ROWS):
        np.dot(vectors[start : start + _ROWS], query, out=products[start : start + _ROWS])
    distances = np.clip(2 - 2 * products, 0, 4)
    if count < len(vectors):
        limit = np.partition(distances, count - 1)[count - 1]
        places = np.flatnonzero(distances <= limit)
    else:
        places = np.arange(len(vectors))
    order = places[np.argsort(distances[places], kind="stable")][:count]
    return Nearest(order, distances[order])
