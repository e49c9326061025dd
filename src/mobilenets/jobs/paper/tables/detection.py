"""Table 13: SSD and Faster R-CNN on three bodies, by average precision, mult-adds and params (section 4.6)."""

from mobilenets.architecture.cost import cost
from mobilenets.architecture.detectors.faster_rcnn import PROPOSALS
from mobilenets.architecture.detectors.names import DEFAULT_CLASSES, detector
from mobilenets.jobs.paper.entry import Column, Row, Table, billions, measured, millions, number
from mobilenets.jobs.paper.published import DETECTIONS, Detection

_COLUMNS = (
    Column("map", "mAP", "quoted", "%"),
    Column("mult_adds", "mult-adds", "counted", "B"),
    Column("params", "params", "counted", "M"),
)
_IMAGES = "COCO's minival, 8,000 images"
_NOTE = (
    f"Counted with {DEFAULT_CLASSES + 1} outputs a box, COCO's category numbers up to {DEFAULT_CLASSES} and the "
    f"background, on square images. Faster R-CNN's second stage runs for {PROPOSALS} proposals, each a crop of 14 x 14 "
    "places, which VGG alone halves before it looks at them."
)


def detection_table(place: int) -> Table:
    """Detectors, each counted from its layers; the average precisions are quoted."""
    return Table(place, "COCO object detection", _COLUMNS, tuple(map(_row, DETECTIONS)), note=_NOTE)


def _row(printed: Detection) -> Row:
    counted = cost(detector(printed.network).layers)
    entries = (
        measured(printed.accuracy, on=_IMAGES),
        number(printed.mult_adds, billions(counted.mult_adds), why=printed.why_mult_adds),
        number(printed.params, millions(counted.params), why=printed.why_params),
    )
    return Row(printed.label, entries)
