"""The nearest of many feature vectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Similarities held at once, 64 MB of them.
_MOST = 16_000_000


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each of N vectors the `rows` (N, K) of the nearest known ones and their cosine `similarity`, best first."""

    rows: NDArray[np.int64]
    similarity: NDArray[np.float64]


def nearest(vectors: NDArray[np.float32], known: NDArray[np.float32], *, count: int) -> Nearest:
    """The `count` nearest of `known` (M, channels) to each of `vectors` (N, channels), by exact search.

    Of equally near ones the earlier comes first. A vector of zeros is as near to all.
    """
    count = min(count, len(known))
    one, other = _directions(vectors), _directions(known)
    rows, similarity = np.empty((len(one), count), dtype=np.int64), np.empty((len(one), count))
    step = max(_MOST // max(len(other), 1), 1)
    for begin in range(0, len(one), step):
        part = one[begin : begin + step] @ other.T
        best = np.argsort(-part, axis=1, kind="stable")[:, :count]
        rows[begin : begin + step] = best
        similarity[begin : begin + step] = np.take_along_axis(part, best, axis=1)
    return Nearest(rows, similarity)


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(length, np.finfo(np.float32).tiny)
