"""The pages of a classifier's report: per class, confusion, calibration, the worst mistakes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.maths.classification import reliability
from mobilenets.reporting import figures
from mobilenets.reporting.page import Page
from mobilenets.tasks.gallery import add_gallery
from mobilenets.tasks.protocol import Evaluated

_WORST = 24
_CONFUSIONS = 20


def add_classification(
    page: Page,
    evaluated: Evaluated,
    *,
    classes: Sequence[str],
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> None:
    """Add the sections of a classifier to a run's page."""
    details = evaluated.scores.details
    _add_classes(page, details["per_class"])
    _add_confusion(page, np.array(details["confusion"]), classes)
    page.heading("Calibration")
    page.figure(figures.reliability(reliability(probabilities, labels)))
    _add_mistakes(page, evaluated, classes=classes, probabilities=probabilities, labels=labels)


def _add_classes(page: Page, per_class: Mapping[str, Mapping[str, Any]]) -> None:
    page.heading("Classes")
    names = list(per_class)
    values = [per_class[name]["top1"] for name in names]
    counts = [per_class[name]["photographs"] for name in names]
    page.figure(figures.bars(names, values, title="Top-1 by class", counts=counts))


def _add_confusion(page: Page, matrix: NDArray[np.int64], classes: Sequence[str]) -> None:
    page.heading("Confusion")
    page.figure(figures.confusion(matrix, classes))
    mistakes = figures.most_confused(matrix, classes, top=_CONFUSIONS)
    if mistakes:
        rows = [(one.truth, one.answer, one.count, one.share) for one in mistakes]
        columns = ("truth", "answer", "photographs", "share of the class")
        page.table(columns, rows, caption="The most frequent mistakes", formats={"share of the class": ".1%"})


def _add_mistakes(
    page: Page,
    evaluated: Evaluated,
    *,
    classes: Sequence[str],
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> None:
    """Wrong answers, the surest first."""
    page.heading("Worst mistakes")
    answers = probabilities.argmax(1)
    wrong = np.flatnonzero(answers != labels)
    if not len(wrong):
        page.paragraph("None: every held-out photograph was answered right.")
        return
    worst = wrong[np.argsort(-probabilities[wrong].max(1), kind="stable")][:_WORST]
    page.paragraph(f"{len(wrong):,} of {len(labels):,} answers are wrong; these were the surest of them.")
    tiles = []
    for row in worst:
        photo = evaluated.examples.photos[evaluated.places[row]]
        says = f"says {classes[answers[row]]}, {probabilities[row].max():.0%}"
        tiles.append((photo, (says, f"is {classes[labels[row]]}", photo.name)))
    add_gallery(page, tiles)
