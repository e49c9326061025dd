"""COCO's JSON: a file a split."""

import json
from itertools import count
from pathlib import Path
from typing import Any

from mobilenets.data.detection.coco_boxes import DIFFICULT
from mobilenets.data.detection.objects import Objects
from mobilenets.data.detection.written import Filed, by_split
from mobilenets.data.photos import Collection

# Pixels to this many digits: 269.76 - 60.72 is 209.04, not 209.04000000000002.
_DIGITS = 9


def write_coco(folder: Path, collection: Collection, filed: list[Filed]) -> None:
    """`annotations/instances_SPLIT.json` for each split, or `annotations/instances.json`.

    Numbers of photographs and boxes count from 1 over all splits; categories keep theirs.
    """
    (folder / "annotations").mkdir(parents=True)
    numbers = {name: number for number, name in collection.categories.items()}
    images, boxes = count(1), count(1)
    for split, part in by_split(filed).items():
        content: dict[str, list[dict[str, Any]]] = {"images": [], "annotations": []}
        for one in part:
            number = next(images)
            height, width = one.objects.size
            content["images"].append({"id": number, "file_name": one.name, "width": width, "height": height})
            for box in _boxes(one.objects, numbers):
                content["annotations"].append({"id": next(boxes), "image_id": number, **box})
        content["categories"] = [{"id": number, "name": name} for number, name in collection.categories.items()]
        file = folder / "annotations" / f"instances{f'_{split}' if split else ''}.json"
        file.write_text(json.dumps(content), encoding="utf-8")


def _boxes(objects: Objects, numbers: dict[str, int]) -> list[dict[str, Any]]:
    rows = zip(
        objects.boxes.tolist(),
        objects.labels,
        objects.crowd.tolist(),
        objects.difficult.tolist(),
        objects.areas.tolist(),
        strict=True,
    )
    return [
        {
            "category_id": numbers[label],
            "bbox": [round(value, _DIGITS) for value in (left, top, right - left, bottom - top)],
            "area": round(area, _DIGITS),
            "iscrowd": int(crowd),
            **({DIFFICULT: 1} if difficult else {}),
        }
        for (left, top, right, bottom), label, crowd, difficult, area in rows
    ]
