"""What a layout cannot hold of a collection, counted."""

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.opening import Layout
from mobilenets.data.photos import Collection

# An outline's area is the box's own within this share of it.
_SAME_AREA = 1e-6


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
        "coco": ((difficult, "difficult boxes are marked by a key that only this program reads"),),
        "voc": (
            (crowd, "crowd boxes are written as difficult: Pascal VOC knows no crowds"),
            (outlines, "boxes lose the area of their outline, which Pascal VOC does not write"),
            (renumbered, "categories get another number: Pascal VOC has names alone, in the order of labels.txt"),
        ),
        "yolo": (
            (crowd, "crowd boxes are left out: YOLO knows none"),
            (difficult, "difficult boxes are left out: YOLO knows none"),
            (outlines, "boxes lose the area of their outline, which YOLO's boxes do not have"),
            (renumbered, "categories get another number: YOLO counts from 0 without gaps"),
        ),
    }
    return tuple(f"{count:,} {what}" for count, what in said[layout] if count)


def box_areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The areas (n,) of boxes (n, 4)."""
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
