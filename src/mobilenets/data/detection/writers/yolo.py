"""YOLO's text files, a row a box, and data.yaml, as Ultralytics reads them."""

from pathlib import Path

import yaml

from mobilenets.data.detection.written import Filed, by_split
from mobilenets.data.photos import Collection

# Enough that a box one pixel wide comes back to a millionth of its width.
_DIGITS = 12


def write_yolo(folder: Path, collection: Collection, filed: list[Filed]) -> None:
    """`labels/SPLIT/NAME.txt` beside `images/SPLIT`, empty where there is no box, and `data.yaml`.

    Classes count from 0 in the order of the categories. What is not to be found (crowds, difficult boxes) is left out.
    """
    places = {name: place for place, name in enumerate(collection.categories.values())}
    parts = by_split(filed)
    for split, part in parts.items():
        labels = folder / "labels" / split
        labels.mkdir(parents=True, exist_ok=True)
        for one in part:
            (labels / f"{one.stem}.txt").write_text(_rows(one, places), encoding="utf-8")
    folders = {split or "train": f"images/{split}".rstrip("/") for split in parts}
    content = {**folders, "names": {place: name for name, place in places.items()}}
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    (folder / "data.yaml").write_text(text, encoding="utf-8")


def _rows(one: Filed, places: dict[str, int]) -> str:
    objects = one.objects
    rows = []
    for box, label, counts in zip(objects.shares.tolist(), objects.labels, objects.counted.tolist(), strict=True):
        if counts:
            left, top, right, bottom = box
            values = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
            rows.append(f"{places[label]} {' '.join(f'{value:.{_DIGITS}g}' for value in values)}\n")
    return "".join(rows)
