"""The pages of a report on places: errors by distance, the geocells, the worst mistakes. No photograph's own place."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.decode import decode
from mobilenets.data.photos import BadImage
from mobilenets.maths.cells import leaf_ids
from mobilenets.maths.geolocation import WITHIN_KM
from mobilenets.maths.partition import Partition
from mobilenets.reporting import figures
from mobilenets.reporting.page import Page
from mobilenets.reporting.pictures import thumbnail
from mobilenets.tasks.protocol import Evaluated

_NAMES = ("street", "city", "region", "country", "continent")
_WORST = 24
_THUMBNAIL = 160


def add_places(page: Page, evaluated: Evaluated, *, cells: Partition, kilometres: NDArray[np.float64]) -> None:
    """Add the sections of a locator to a run's page. `kilometres` (N,) are the errors of the answers."""
    page.heading("Distances")
    names = [f"{name} ({limit:,} km)" for name, limit in zip(_NAMES, WITHIN_KM, strict=True)]
    within = [int((kilometres <= limit).sum()) for limit in WITHIN_KM]
    page.figure(
        figures.bars(
            names,
            [count / len(kilometres) for count in within],
            counts=[len(kilometres)] * len(WITHIN_KM),
            title="Held-out photographs placed within",
        ),
        f"Great-circle distances on a sphere; the median error is {np.median(kilometres):,.0f} km.",
    )
    _add_compared(page, evaluated.scores.details["compared"])
    _add_cells(page, cells)
    _add_mistakes(page, evaluated, kilometres)


def _add_compared(page: Page, compared: Mapping[str, Mapping[str, float]]) -> None:
    names = [name.replace("_", " ") for name in next(iter(compared.values()))]
    rows = [(label, *figures.values()) for label, figures in compared.items()]
    formats = {name: ".0f" if name == "median km" else ".1%" for name in names}
    caption = "Beside what needs no photograph, and the best that these cells allow"
    page.table(("", *names), rows, caption=caption, formats=formats)


def _add_cells(page: Page, cells: Partition) -> None:
    page.heading("Geocells")
    drawn = figures.world(
        lambda latitude, longitude: cells.find(leaf_ids(latitude, longitude)),
        counts=cells.counts,
        places=cells.places,
        title=f"{len(cells):,} cells of {int(cells.counts.sum()):,} photographs",
    )
    page.figure(drawn.png(), f"{drawn.alt} Dots are the places that answers name.")


def _add_mistakes(page: Page, evaluated: Evaluated, kilometres: NDArray[np.float64]) -> None:
    """The farthest answers. How far is rounded, and where the photograph is of stays out of the page."""
    page.heading("Worst mistakes")
    worst = np.argsort(-kilometres, kind="stable")[:_WORST]
    page.paragraph(f"The {len(worst):,} farthest of {len(kilometres):,} answers.")
    tiles = []
    for row in worst:
        photo = evaluated.examples.photos[evaluated.places[row]]
        lines = (
            f"says {evaluated.answers[row].line().partition(';')[0]}",
            f"off by {_about(kilometres[row])}",
            photo.name,
        )
        try:
            tiles.append((thumbnail(decode(photo.read(), at_least=_THUMBNAIL), side=_THUMBNAIL), lines))
        except BadImage as error:
            page.notice(f"{photo.name} could not be shown: {error}")
    page.gallery(tiles)


def _about(kilometres: float) -> str:
    return "under 1 km" if kilometres < 1 else f"{float(f'{kilometres:.1g}'):,.0f} km"
