"""Pascal VOC's XML: a file a photograph, and the lists of the splits."""

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mobilenets.data.detection.objects import Objects
from mobilenets.data.detection.voc import LISTS, NAMES
from mobilenets.data.detection.written import Filed, by_split
from mobilenets.data.photos import Collection
from mobilenets.errors import UsageError

_DIGITS = 3
_SPACE = 0x20


def write_voc(folder: Path, collection: Collection, filed: list[Filed]) -> None:
    """`Annotations/NAME.xml`, `ImageSets/Main/SPLIT.txt` where there are splits, and the categories in `labels.txt`.

    Pixels count from 1 and the last is included; where an edge lies between two, three digits follow, as in VOC's own
    files since 2011. Crowds are difficult. Raises `UsageError` for a category that XML or a line cannot hold.
    """
    for name in collection.categories.values():
        if any(ord(letter) < _SPACE or "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff" for letter in name):
            raise UsageError(f"the category {name!r} has letters that XML cannot hold: rename it")
    (folder / "Annotations").mkdir(parents=True)
    for one in filed:
        (folder / "Annotations" / f"{one.stem}.xml").write_bytes(_xml(one))
    (folder / NAMES).write_text("".join(f"{name}\n" for name in collection.categories.values()), encoding="utf-8")
    for split, part in by_split(filed).items():
        if split:
            (folder / LISTS).mkdir(parents=True, exist_ok=True)
            lines = "".join(f"{one.stem}\n" for one in part)
            (folder / LISTS / f"{split}.txt").write_text(lines, encoding="utf-8")


def _xml(one: Filed) -> bytes:
    root = Element("annotation")
    height, width = one.objects.size
    _add(root, folder=one.folder, filename=one.name)
    _add(SubElement(root, "size"), width=width, height=height, depth=3)
    _add(root, segmented=0)
    _objects(root, one.objects)
    indent(root)
    return tostring(root, encoding="utf-8")


def _objects(root: Element, objects: Objects) -> None:
    spared = objects.crowd | objects.difficult
    for box, label, difficult in zip(objects.boxes.tolist(), objects.labels, spared.tolist(), strict=True):
        element = SubElement(root, "object")
        _add(element, name=label, pose="Unspecified", truncated=0, difficult=int(difficult))
        left, top, right, bottom = box
        sides = {"xmin": left + 1, "ymin": top + 1, "xmax": right, "ymax": bottom}
        _add(SubElement(element, "bndbox"), **{side: pixels(value) for side, value in sides.items()})


def pixels(value: float) -> str:
    """A coordinate as VOC writes it: whole where it is whole, else with up to three digits behind the point."""
    return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")


def _add(element: Element, **values: str | int) -> None:
    for name, value in values.items():
        SubElement(element, name).text = str(value)
