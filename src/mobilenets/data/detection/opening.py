"""Photographs with boxes from whatever the user names: COCO, Pascal VOC and YOLO are recognised by their files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mobilenets.data.detection.coco import coco_files, image_ids, read_coco
from mobilenets.data.detection.tree import Below, FolderTree, Tree, ZipTree, joined
from mobilenets.data.detection.voc import read_voc, voc_files
from mobilenets.data.detection.yolo import label_files, read_yolo, yolo_plan
from mobilenets.data.finding import named_in
from mobilenets.data.naming import split_name
from mobilenets.data.photos import Collection
from mobilenets.errors import UsageError
from mobilenets.files import expanded

Layout = Literal["coco", "voc", "yolo"]

TITLES: dict[Layout, str] = {"coco": "COCO", "voc": "Pascal VOC", "yolo": "YOLO"}
KINDS = "COCO (a .json, or a folder with annotations/*.json), Pascal VOC (.xml) or YOLO (data.yaml, or labels/*.txt)"
_YAML = (".yaml", ".yml")
# Folders that a layout is made of, and that are no folder around all of it.
_OWN = frozenset({"annotations", "images", "labels", "jpegimages", "imagesets"})


@dataclass(frozen=True, slots=True)
class Opened:
    """Photographs with boxes, and the layout that they were read from."""

    collection: Collection
    layout: Layout


@dataclass(frozen=True, slots=True)
class _Recognised:
    """The layout of a tree, the files that decide it, and the other layouts that are there too."""

    layout: Layout
    files: tuple[str, ...]
    others: tuple[Layout, ...]


def open_detection(source: str) -> Collection:
    """The photographs and boxes of a COCO file, a data.yaml, or a folder or zip in COCO's, VOC's or YOLO's layout.

    Of several layouts in one folder COCO goes before YOLO's data.yaml, this before VOC and VOC before bare label files;
    a note says so. Every box lies in its photograph as `decode` gives it; `Collection.notes` count what was left out
    or changed. Raises `UsageError` where nothing is recognised or a file is damaged, `JobError` where over 1 % of the
    photographs cannot be used.
    """
    return opened_detection(source).collection


def opened_detection(source: str) -> Opened:
    """`open_detection`, with the layout that was recognised."""
    path = expanded(source)
    if path.is_dir():
        return _opened(FolderTree(path), name=path.resolve().name)
    if not path.exists():
        raise UsageError(f"there is no {source!r}: name {KINDS}")
    ending = path.suffix.lower()
    if ending == ".zip":
        return _opened(ZipTree(path), name=path.stem)
    if ending == ".json":
        return _json(path)
    if ending in _YAML:
        tree = FolderTree(path.parent)
        collection = read_yolo(tree, tree.inside(), path.name, name=path.resolve().parent.name)
        return Opened(_with_photographs(collection, source), "yolo")
    raise UsageError(f"{path} is no source of photographs with boxes: name {KINDS}")


def coco_ids(source: str) -> dict[str, int | str]:
    """The ids of photographs by their names as `photographs` gives them, where the folder or zip is COCO's; else none.

    Raises `UsageError` where its annotations are damaged.
    """
    path = expanded(source)
    tree: Tree
    if path.is_dir():
        tree = FolderTree(path)
    elif path.is_file() and path.suffix.lower() == ".zip":
        tree = ZipTree(path)
    else:
        return {}
    names = tree.inside()
    top = _top(names)
    below = Below(tree, top) if top else tree
    ids = image_ids(below, coco_files(below, below.inside()))
    return {named_in(str(path), joined(top, name)): identity for name, identity in ids.items()}


def _json(path: Path) -> Opened:
    """One COCO file: its photographs may lie beside its folder, so the tree starts above."""
    whole = path.absolute()
    tree = FolderTree(whole.parent.parent)
    collection = read_coco(
        tree, [f"{whole.parent.name}/{whole.name}" if whole.parent.name else whole.name], name=whole.stem
    )
    return Opened(_with_photographs(collection, str(path)), "coco")


def _opened(tree: Tree, *, name: str) -> Opened:
    names = tree.inside()
    top = _top(names)
    if top:
        tree, names = Below(tree, top), tuple(one[len(top) + 1 :] for one in names)
    found = _recognised(tree, names)
    match found.layout:
        case "coco":
            collection = read_coco(tree, found.files, name=name)
        case "voc":
            collection = read_voc(tree, names, name=name)
        case "yolo":
            collection = read_yolo(tree, names, found.files[0] if found.files else None, name=name)
    if found.others:
        others = " and ".join(TITLES[one] for one in found.others)
        note = f"read as {TITLES[found.layout]}; there are files of {others} too, which are not read"
        collection = replace(collection, notes=(note, *collection.notes))
    return Opened(_with_photographs(collection, tree.where), found.layout)


def _recognised(tree: Tree, names: Sequence[str]) -> _Recognised:
    coco, plan = coco_files(tree, names), yolo_plan(tree, names)
    xml, labels = voc_files(names), label_files(names)
    found: list[tuple[Layout, tuple[str, ...], bool]] = [
        ("coco", coco, bool(coco)),
        ("yolo", (plan,) if plan else (), bool(plan)),
        ("voc", (), bool(xml)),
        ("yolo", (), bool(labels)),
    ]
    there = [(layout, files) for layout, files, is_there in found if is_there]
    if not there:
        raise UsageError(f"{tree.where} has no annotations of boxes: expected {KINDS}")
    layout, files = there[0]
    others = dict.fromkeys(other for other, _ in there[1:] if other != layout)
    return _Recognised(layout, files, tuple(others))


def _top(names: Sequence[str]) -> str:
    """The folders around everything; "" where there are none."""
    tops: list[str] = []
    parts = [tuple(name.split("/")) for name in names]
    while parts and all(len(one) > 1 and one[0] == parts[0][0] for one in parts):
        first = parts[0][0]
        if first.lower() in _OWN or split_name(first):
            break
        tops.append(first)
        parts = [one[1:] for one in parts]
    return "/".join(tops)


def _with_photographs(collection: Collection, where: str) -> Collection:
    if not collection.examples:
        raise UsageError(f"{where} has annotations of no photograph that can be used: one at least is needed")
    return collection
