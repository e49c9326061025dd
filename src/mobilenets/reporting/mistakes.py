"""Which classes are taken for which: the largest entries of a confusion matrix outside its diagonal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Confusion:
    """Images of class `truth` that were answered `answer`: how many, and which share of all images of `truth`."""

    truth: str
    answer: str
    count: int
    share: float


def most_confused(matrix: ArrayLike, classes: Sequence[str], *, top: int = 20) -> list[Confusion]:
    """The `top` most frequent mistakes, most frequent first; equal counts by share, then in the order of the classes.

    `matrix` is `(C, C)` counts, a row a true class and a column an answer; mistakes that never happened are left out.
    Raises ValueError when the matrix is not of that shape.
    """
    counts = checked(matrix, classes)
    shares = row_shares(counts)
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    rows, columns = np.nonzero(wrong)
    order = np.lexsort((columns, rows, -shares[rows, columns], -wrong[rows, columns]))[:top]
    return [
        Confusion(
            truth=classes[row],
            answer=classes[column],
            count=int(counts[row, column]),
            share=float(shares[row, column]),
        )
        for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True)
    ]


def checked(matrix: ArrayLike, classes: Sequence[str]) -> NDArray[np.int64]:
    """The matrix as int64 `(C, C)`, or ValueError."""
    counts = np.asarray(matrix)
    if counts.shape != (len(classes), len(classes)) or not len(classes):
        raise ValueError(f"the confusion matrix has shape {counts.shape}, and there are {len(classes)} classes")
    if (counts < 0).any() or (counts != np.floor(counts)).any():
        raise ValueError("a confusion matrix holds counts: whole numbers from 0")
    return counts.astype(np.int64)


def row_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each entry as a share of its row `(C, C)`; a class without images has a row of zeros."""
    totals = counts.sum(axis=1, keepdims=True)
    return counts / np.maximum(totals, 1)
