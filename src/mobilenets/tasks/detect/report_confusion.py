"""Which classes a detector takes for which, on the page of a run."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mobilenets.reporting import figures
from mobilenets.reporting.page import Page
from mobilenets.tasks.detect.mistakes import SURE

_NAMED = 20
_CONFUSIONS = 20
_OTHERS, _BACKGROUND = "all other classes", "background"


def add_confusion(page: Page, matrix: NDArray[np.int64], labels: Sequence[str]) -> None:
    """Add the matrix (labels + 1, labels + 1), the background last, and its most frequent mistakes among classes."""
    page.heading("Confusion")
    shown, names = _largest(matrix, labels)
    few = len(names) < len(labels) + 1
    page.figure(
        figures.confusion(shown, names, things="objects and false detections"),
        f"Detections of a score from {SURE:g}. The last column are objects that none of them found, the last row those "
        f"that found nothing.{f' Named are the {_NAMED} classes with most objects.' if few else ''}",
    )
    every = figures.most_confused(matrix, [*labels, _BACKGROUND], top=matrix.size)
    mistakes = [one for one in every if _BACKGROUND not in (one.truth, one.answer)][:_CONFUSIONS]
    if mistakes:
        rows = [(one.truth, one.answer, one.count, one.share) for one in mistakes]
        columns = ("truth", "answer", "objects", "share of the class")
        page.table(columns, rows, caption="The most frequent mistakes", formats={"share of the class": ".1%"})


def _largest(matrix: NDArray[np.int64], labels: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """The classes with most objects by name, the others as one, and the background."""
    if len(labels) <= _NAMED + 1:
        return matrix, [*labels, _BACKGROUND]
    largest = np.sort(np.argsort(-matrix[:-1].sum(axis=1), kind="stable")[:_NAMED])
    to = np.full(len(matrix), _NAMED)
    to[largest] = np.arange(_NAMED)
    to[-1] = _NAMED + 1
    shown = np.zeros((_NAMED + 2, _NAMED + 2), dtype=np.int64)
    np.add.at(shown, (to[:, None], to[None]), matrix)
    return shown, [*(labels[place] for place in largest), _OTHERS, _BACKGROUND]
