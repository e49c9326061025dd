"""The pages of a detector's report: its figures, each class, precision and recall, confusion, kinds of error."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mobilenets.maths.ranking import Curve
from mobilenets.reporting import figures
from mobilenets.reporting.page import Page
from mobilenets.tasks.detect.report_confusion import add_confusion
from mobilenets.tasks.detect.report_worst import add_worst
from mobilenets.tasks.protocol import Evaluated, Scores

_LINES = 5
_AREAS = {"small": "under 32 x 32 pixels", "medium": "of 32 x 32 to 96 x 96 pixels", "large": "over 96 x 96 pixels"}
_OVERLAPS = {0.5: "half overlaps", 0.75: "three quarters"}
_KINDS = {
    "classification": "the place of an object of another class",
    "localisation": "the right class, an overlap of .1 to .5",
    "both": "another class, an overlap of .1 to .5",
    "duplicate": "an object that a surer detection has found",
    "background": "an overlap below .1 with anything",
    "missed": "an object that no detection has found, nor would if it were put right",
}


def add_detection(page: Page, evaluated: Evaluated, *, labels: Sequence[str]) -> None:
    """Add the sections of a detector to a run's page; `evaluated` holds `Detections` and `Objects`."""
    scores = evaluated.scores
    _add_figures(page, scores)
    _add_classes(page, scores.details)
    _add_curves(page, scores)
    _add_errors(page, scores.details["errors"])
    add_confusion(page, np.array(scores.details["confusion"]), labels)
    add_worst(page, evaluated, labels=labels)


def _add_figures(page: Page, scores: Scores) -> None:
    page.heading("Figures")
    rows = [(name.replace("_", " "), _meaning(name), value) for name, value in scores.figures.items()]
    caption = "Overlaps are intersection over union; means are over the classes that have objects"
    page.table(("figure", "what it is", "value"), rows, caption=caption, formats={"value": ".1%"})


def _meaning(name: str) -> str:
    """One of the figures in words."""
    whole = {
        "AP": "average precision, the mean over overlaps of .50, .55, ..., .95 (COCO)",
        "AP50": "average precision where half overlaps",
        "AP75": "average precision where three quarters overlap",
        "voc_AP50": "average precision where half overlaps, as Pascal VOC counts it (area under the curve)",
    }
    kind, _, area = name.partition("_")
    if name in whole:
        return whole[name]
    if area:
        return f"{'AP' if kind == 'AP' else 'recall'} of objects {_AREAS[area]}"
    count = int(name.removeprefix("AR"))
    return (
        f"recall with {count:,} detection{'' if count == 1 else 's'} of each class a photograph, the mean over overlaps"
    )


def _add_classes(page: Page, details: Mapping[str, Any]) -> None:
    page.heading("Classes")
    per_class = details["per_class"]
    names = sorted(per_class, key=lambda name: per_class[name]["AP"])
    if len(names) > 1:
        values, counts = ([per_class[name][column] for name in names] for column in ("AP", "objects"))
        page.figure(figures.bars(names, values, counts=counts, title="AP by class"))
    rows = [(name, *(per_class[name][column] for column in ("objects", "detections", "AP50", "AP"))) for name in names]
    page.table(
        ("class", "objects", "detections", "AP50", "AP"),
        rows,
        caption="The lowest AP first; detections are of any score",
        formats={"AP50": ".1%", "AP": ".1%"},
    )


def _add_curves(page: Page, scores: Scores) -> None:
    page.heading("Precision and recall")
    per_class, details = scores.details["per_class"], scores.details
    means = {_OVERLAPS[one["iou"]]: _curve(one["precision"]) for one in details["mean_curves"]}
    pictures = [figures.precision(means, title="All classes")]
    curves = {one["label"]: _curve(one["precision"]) for one in details["curves"]}
    most = sorted(curves, key=lambda name: -per_class[name]["objects"])[:_LINES]
    if len(curves) > 1:
        pictures.append(figures.precision({name: curves[name] for name in most}, title="By class, half overlaps"))
    page.figure(pictures, f"On the right the {len(most)} classes with most objects." if len(curves) > _LINES else "")


def _curve(precision: Sequence[float]) -> Curve:
    """COCO's 101 points as steps of the same width, so that the area drawn is the AP."""
    points = len(precision)
    return Curve(precision=np.array(precision), recall=np.arange(1, points + 1) / points)


def _add_errors(page: Page, errors: Mapping[str, Mapping[str, Any]]) -> None:
    page.heading("Kinds of error")
    gains = {kind: max(0.0, one["dAP50"]) for kind, one in errors.items()}
    order = sorted(gains, key=lambda kind: -gains[kind])
    page.figure(figures.gains({kind: gains[kind] for kind in order}, title="What AP50 would gain without it"))
    rows = [(kind, _KINDS[kind], errors[kind]["count"], gains[kind]) for kind in order]
    page.table(
        ("kind", "what was found", "count", "AP50 to gain"),
        rows,
        caption="Detections of any score are counted, however little the unsure ones cost (TIDE, Bolya et al. 2020)",
        formats={"AP50 to gain": ".1%"},
    )
