"""What a layout cannot hold of a collection, counted."""

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.opening import Layout
from mobilenets.data.photos import Collection

# An outline's area is the box's own within this share of it.
_SAME_AREA = 1e-6
_BOXES, _CATEGORIES = ("box", "boxes"), ("category", "categories")


def losses(collection: Collection, layout: Layout) -> tuple[str, ...]:
    """A line for each kind of thing that is not in the layout, or that its other readers do not know."""
    objects = [one.objects for one in collection.examples if one.objects is not None and len(one.objects)]
    crowd = sum(int(one.crowd.sum()) for one in objects)
    difficult = sum(int((one.difficult & ~one.crowd).sum()) for one in objects)
    outlines = sum(int((~np.isclose(one.areas, box_areas(one.boxes), rtol=_SAME_AREA)).sum()) for one in objects)
    numbers = list(collection.categories)
    kept = {"coco": numbers, "voc": list(range(1, len(numbers) + 1)), "yolo": list(range(len(numbers)))}[layout]
    renumbered = sum(one != other for one, other in zip(numbers, kept, strict=True))
    said = {
        "coco": ((difficult, "difficult box", "difficult boxes", "marked by a key that only this program reads"),),
        "voc": (
            (crowd, "crowd box", "crowd boxes", "written as difficult: Pascal VOC knows no crowds"),
            (outlines, *_BOXES, "without the area of the outline, which Pascal VOC does not write"),
            (renumbered, *_CATEGORIES, "with another number: Pascal VOC has names alone, in the order of labels.txt"),
        ),
        "yolo": (
            (crowd, "crowd box", "crowd boxes", "left out: YOLO knows none"),
            (difficult, "difficult box", "difficult boxes", "left out: YOLO knows none"),
            (outlines, *_BOXES, "without the area of the outline, which YOLO's boxes do not have"),
            (renumbered, *_CATEGORIES, "with another number: YOLO counts from 0 without gaps"),
        ),
    }
    found = (row for row in said[layout] if row[0])
    return tuple(f"{count:,} {one if count == 1 else many} {what}" for count, one, many, what in found)


def box_areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The areas (n,) of boxes (n, 4)."""
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
