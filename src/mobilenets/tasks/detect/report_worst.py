"""The photographs with most mistakes, on the page of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mobilenets.data.decode import decode
from mobilenets.data.detection.objects import Objects
from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.views import shrink
from mobilenets.data.wording import counted
from mobilenets.reporting.boxes import Truths, drawn
from mobilenets.reporting.page import Page
from mobilenets.reporting.pictures import thumbnail
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.columns import found_columns, truth_columns
from mobilenets.tasks.detect.matches import match
from mobilenets.tasks.detect.mistakes import SURE
from mobilenets.tasks.protocol import Evaluated

_WORST = 12
# Pixels of a picture's shorter side at most, and of its longer one: enough for labels to be read.
_SIDE, _LONGEST = 400, 640


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What is wrong in the photograph of a row: of its `objects` those `missed`, and detections that are `false`."""

    row: int
    objects: int
    missed: int
    false: int


def add_worst(page: Page, evaluated: Evaluated, *, labels: Sequence[str]) -> None:
    """Add the photographs with most objects missed and false detections, of a score from `SURE`."""
    page.heading("Worst photographs")
    found = [answer for answer in evaluated.answers if isinstance(answer, Detections)]
    truths = [truth for truth in evaluated.truths if isinstance(truth, Objects)]
    every = worst_photographs(labels, found, truths)
    if not every:
        page.paragraph(f"None: every object was found with a score from {SURE:g}, and nothing else.")
        return
    page.paragraph(
        f"{counted(len(every), 'photograph')} of {len(found):,} have objects that were missed or detections of a score "
        f"from {SURE:g} that are false: these have most. Drawn is what was found, with its score, and dashed what was "
        "to be found."
    )
    tiles = []
    for one in every[:_WORST]:
        photo = evaluated.examples.photos[evaluated.places[one.row]]
        lines = (f"{one.missed} of {one.objects} missed", f"{one.false} false", photo.name)
        try:
            tiles.append((_picture(photo, found[one.row].above(SURE), truths[one.row], labels), lines))
        except BadImage as error:
            page.notice(f"{photo.name} could not be shown: {error}")
    page.gallery(tiles, large=True)


def _picture(photo: Photo, found: Detections, truth: Objects, labels: Sequence[str]) -> str:
    """A photograph with what was found and, dashed, what was to be found; raises `BadImage`."""
    pixels = shrink(decode(photo.read(), at_least=_SIDE), side=_SIDE)
    height, width = pixels.shape[:2]
    wanted = [place for place, label in enumerate(truth.labels) if truth.counted[place] and label in labels]
    sides = truth.shares[wanted] * np.array([width, height, width, height])
    there = Truths(sides, [truth.labels[place] for place in wanted])
    boxes = found.placed((height, width)).pixels
    marked = drawn(pixels, boxes, found.names, found.scores.tolist(), classes=labels, truths=there)
    return thumbnail(marked, side=_LONGEST)


def worst_photographs(labels: Sequence[str], found: Sequence[Detections], truths: Sequence[Objects]) -> list[Mistakes]:
    """The photographs in which anything is wrong, those with most first."""
    boxes, _ = found_columns(found, truths)
    objects, _ = truth_columns(labels, truths)
    boxes = boxes.take(boxes.scores >= SURE)
    matches = match(boxes, objects, classes=len(labels))
    wrong = ~(matches.right | matches.ignored)
    lost = objects.counted
    lost[matches.objects[matches.right]] = False
    every, missed, false = (
        np.bincount(photos, minlength=len(truths)).tolist()
        for photos in (objects.photos[objects.counted], objects.photos[lost], boxes.photos[wrong])
    )
    mistakes = [Mistakes(row, *counts) for row, counts in enumerate(zip(every, missed, false, strict=True))]
    return sorted((one for one in mistakes if one.missed + one.false), key=lambda one: -(one.missed + one.false))
