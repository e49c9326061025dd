"""How good detections are: COCO's figures, Pascal VOC's, each class's own and what is wrong with the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.objects import Objects
from mobilenets.data.wording import counted, listed
from mobilenets.errors import JobError, UsageError
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.coco import AREAS, IOUS, Measured, measure
from mobilenets.tasks.detect.columns import Found, Truth, found_columns, truth_columns
from mobilenets.tasks.detect.matches import match, voc_average_precisions
from mobilenets.tasks.detect.mistakes import mistakes
from mobilenets.tasks.protocol import Scores

LIMIT = 100
"""COCO's most detections of a class in a photograph."""

_HALF, _THREE_QUARTERS = IOUS.index(0.5), IOUS.index(0.75)
_DIGITS = 4


def score_detections(
    labels: Sequence[str], found: Sequence[Detections], truths: Sequence[Objects], *, limit: int = LIMIT
) -> Scores:
    """The twelve figures of COCO (headline `AP`, the mean over overlaps of .50 to .95) and Pascal VOC's AP at .5.

    `labels` are the classes of the detections; `found` and `truths` are of the same photographs. Of each class the
    `limit` surest detections in a photograph are looked at, as pycocotools does: with 10 there is no AR100, and all
    others are those of 10. A detection in a crowd is neither right nor wrong, nor is that of a difficult object: any
    number of them for VOC, the surest for COCO, which treats it as what is too small or large for a figure. A figure
    that does not exist (of small objects, where there are none) is left out, and a note says so.

    `details` have each class's figures, kinds of error and confusion as in `mistakes`, and precision at the 101 recalls
    0, .01, ..., 1: `mean_curves` over the classes at an overlap of .5 and .75, `curves` of each class at .5.

    Raises `UsageError` for a limit below 1 or without hotcoco, `JobError` where there is nothing to find.
    """
    if limit < 1:
        raise UsageError(f"limit {limit} is under 1: look at at least 1 detection of a class in a photograph")
    boxes, broken = found_columns(found, truths)
    objects, unknown = truth_columns(labels, truths)
    if not objects.counted.any():
        raise JobError(
            f"nothing to score: none of the {counted(len(truths), 'photograph')} has an object to be found of the "
            f"model's {counted(len(labels), 'label')} ({listed(labels)})"
        )
    size = {"photographs": len(truths), "classes": len(labels), "limit": limit}
    measured = measure(boxes, objects, **size)
    matches = match(boxes, objects, classes=len(labels))
    voc = voc_average_precisions(boxes, objects, matches, classes=len(labels))
    figures, missing = _figures(measured)
    figures["voc_AP50"] = float(np.nanmean(voc))
    details = {
        "per_class": _per_class(labels, boxes, objects, measured),
        **mistakes(boxes.take(~matches.ignored), objects.take(objects.counted), **size),
        **_curves(labels, measured),
    }
    notes = [*_notes(labels, boxes, objects, unknown=unknown, broken=broken), *missing]
    return Scores("AP", figures, details, tuple(notes))


def _figures(measured: Measured) -> tuple[dict[str, float], list[str]]:
    """COCO's figures that exist, in its order, and notes on those that do not."""
    precision, recall = measured.precision[..., -1], measured.recall
    figures = {
        "AP": _mean(precision[..., 0]),
        "AP50": _mean(precision[_HALF, ..., 0]),
        "AP75": _mean(precision[_THREE_QUARTERS, ..., 0]),
        **{f"AP_{area}": _mean(precision[..., place]) for place, area in enumerate(AREAS) if place},
        **{f"AR{limit}": _mean(recall[..., 0, place]) for place, limit in enumerate(measured.limits)},
        **{f"AR_{area}": _mean(recall[..., place, -1]) for place, area in enumerate(AREAS) if place},
    }
    missing = [
        f"no object is {area}: no AP_{area}, no AR_{area}" for area in AREAS if np.isnan(figures.get(f"AP_{area}", 0))
    ]
    return {name: value for name, value in figures.items() if not np.isnan(value)}, missing


def _mean(values: NDArray[np.float64]) -> float:
    """Of all that exist; NaN where none does."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if there.size else float("nan")


def _per_class(labels: Sequence[str], found: Found, truth: Truth, measured: Measured) -> dict[str, dict[str, float]]:
    """Of each class that has objects to be found."""
    objects = np.bincount(truth.kinds[truth.counted], minlength=len(labels))
    detections = np.bincount(found.kinds, minlength=len(labels))
    precision = measured.precision[..., 0, -1]
    return {
        label: {
            "objects": int(objects[kind]),
            "detections": int(detections[kind]),
            "AP50": _mean(precision[_HALF, :, kind]),
            "AP": _mean(precision[..., kind]),
        }
        for kind, label in enumerate(labels)
        if objects[kind]
    }


def _curves(labels: Sequence[str], measured: Measured) -> dict[str, Any]:
    precision = measured.precision[..., 0, -1]
    there = ~np.isnan(precision[_HALF, 0])
    return {
        "mean_curves": [
            {"iou": IOUS[iou], "precision": _rounded(precision[iou][:, there].mean(axis=1))}
            for iou in (_HALF, _THREE_QUARTERS)
        ],
        "curves": [
            {"label": label, "precision": _rounded(precision[_HALF, :, kind])}
            for kind, label in enumerate(labels)
            if there[kind]
        ],
    }


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(value, _DIGITS) for value in values.tolist()]


def _notes(labels: Sequence[str], found: Found, truth: Truth, *, unknown: Mapping[str, int], broken: int) -> list[str]:
    """What is part of no figure, and why."""
    notes = []
    if unknown:
        each = [f"{label} ({count:,})" for label, count in sorted(unknown.items(), key=lambda one: (-one[1], one[0]))]
        what = counted(sum(unknown.values()), "object")
        notes.append(f"{what} of labels that the model does not know not counted: {listed(each)}")
    objects = np.bincount(truth.kinds[truth.counted], minlength=len(labels))
    empty = [label for kind, label in enumerate(labels) if not objects[kind]]
    if empty:
        idle = counted(int((objects[found.kinds] == 0).sum()), "detection")
        what = counted(len(empty), "label")
        notes.append(f"{what} without an object to be found, {idle} of them not counted: {listed(empty)}")
    if broken:
        notes.append(f"{counted(broken, 'detection')} with numbers that are not finite left out")
    return notes
