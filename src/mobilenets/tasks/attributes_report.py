"""The pages of a report on attributes: each with its average precision, curves, the worst mistakes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.maths.ranking import precision_recall
from mobilenets.reporting import figures
from mobilenets.reporting.page import Page
from mobilenets.tasks.attributes_scores import HALF, Truths
from mobilenets.tasks.gallery import add_gallery
from mobilenets.tasks.protocol import Evaluated

_WORST = 24
_LINES = 5


def add_attributes(
    page: Page,
    evaluated: Evaluated,
    *,
    attributes: Sequence[str],
    probabilities: NDArray[np.float32],
    known: Truths,
) -> None:
    """Add the sections of attributes to a run's page; `known` is (N, attributes)."""
    per_attribute = evaluated.scores.details["per_attribute"]
    _add_table(page, per_attribute)
    _add_curves(page, per_attribute, attributes=attributes, probabilities=probabilities, known=known)
    _add_mistakes(page, evaluated, attributes=attributes, probabilities=probabilities, known=known)


def _add_table(page: Page, per_attribute: Mapping[str, Mapping[str, Any]]) -> None:
    page.heading("Attributes")
    names = list(per_attribute)
    if len(names) > 1:
        values = [per_attribute[name]["ap"] for name in names]
        page.figure(figures.bars(names, values, title="Average precision by attribute", things="attributes"))
    columns = ("attribute", "known", "yes", "share of yes", "average precision", "accuracy at .5")
    rows = [
        (name, one["known"], one["positives"], one["positives"] / one["known"], one["ap"], one["accuracy"])
        for name, one in per_attribute.items()
    ]
    page.table(
        columns,
        rows,
        caption="Who says the same of all photographs has the share of yes as average precision",
        formats={"share of yes": ".1%", "average precision": ".1%", "accuracy at .5": ".1%"},
    )


def _add_curves(
    page: Page,
    per_attribute: Mapping[str, Mapping[str, Any]],
    *,
    attributes: Sequence[str],
    probabilities: NDArray[np.float32],
    known: Truths,
) -> None:
    page.heading("Precision and recall")
    lowest = sorted(per_attribute, key=lambda name: per_attribute[name]["ap"])[:_LINES]
    curves = {}
    for name in lowest:
        place = attributes.index(name)
        rows = ~np.isnan(known[:, place])
        curves[name] = precision_recall(probabilities[rows, place], known[rows, place] == 1)
    words = f"The {len(lowest)} lowest of {len(per_attribute)} attributes." if len(per_attribute) > len(lowest) else ""
    page.figure(figures.precision(curves), words)


def _add_mistakes(
    page: Page,
    evaluated: Evaluated,
    *,
    attributes: Sequence[str],
    probabilities: NDArray[np.float32],
    known: Truths,
) -> None:
    """Wrong answers, the surest first; a photograph may be there for several attributes."""
    page.heading("Worst mistakes")
    off = np.where(np.isnan(known), 0.0, np.abs(probabilities - known))
    # An answer of exactly .5 is a yes.
    wrong = np.argwhere((off > HALF) | ((off == HALF) & (known == 0)))
    if not len(wrong):
        page.paragraph("None: every known attribute of every held-out photograph was answered right.")
        return
    order = np.argsort(-off[tuple(wrong.T)], kind="stable")[:_WORST]
    total = int((~np.isnan(known)).sum())
    page.paragraph(f"{len(wrong):,} of {total:,} answers are wrong; these were the surest of them.")
    tiles = []
    for row, place in wrong[order]:
        photo = evaluated.examples.photos[evaluated.places[row]]
        truth = "yes" if known[row, place] == 1 else "no"
        says = f"says {attributes[place]} {probabilities[row, place]:.0%}"
        tiles.append((photo, (says, f"is {truth}", photo.name)))
    add_gallery(page, tiles)
