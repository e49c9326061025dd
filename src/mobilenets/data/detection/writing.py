"""A collection of photographs with boxes as a folder in COCO's, Pascal VOC's or YOLO's layout."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mobilenets.data.detection.losses import losses
from mobilenets.data.detection.names_out import names_out
from mobilenets.data.detection.opening import Layout
from mobilenets.data.detection.placing import Way, place, placed_note
from mobilenets.data.detection.writers.coco import write_coco
from mobilenets.data.detection.writers.voc import write_voc
from mobilenets.data.detection.writers.yolo import write_yolo
from mobilenets.data.detection.written import Filed
from mobilenets.data.photos import Collection
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.files import whole_folder

# Where each layout has the photographs of a split, and where those of a collection that has none.
_FOLDERS: dict[Layout, str] = {"coco": "{split}", "voc": "JPEGImages", "yolo": "images/{split}"}
_UNDIVIDED: dict[Layout, str] = {"coco": "images", "voc": "JPEGImages", "yolo": "images"}
_WRITERS: dict[Layout, Callable[[Path, Collection, list[Filed]], None]] = {
    "coco": write_coco,
    "voc": write_voc,
    "yolo": write_yolo,
}
# What a folder may hold that --overwrite lets go: the layouts' own files and folders.
_OURS = frozenset(
    {"annotations", "train", "val", "test", "images", "labels", "data.yaml"}
    | {"Annotations", "JPEGImages", "ImageSets", "labels.txt"}
)


@dataclass(frozen=True, slots=True)
class Written:
    """A folder that was written, in which layout, and what must be said of it."""

    folder: Path
    layout: Layout
    notes: tuple[str, ...]


def write_detection(
    collection: Collection, out: str | Path, *, layout: Layout, copy: bool = False, overwrite: bool = False
) -> Written:
    """Write the photographs and boxes of a collection into the folder `out`, whole or not at all.

    Photographs are hard-linked where they are files on the same disk, and copied elsewhere or with `copy`. They get the
    last part of their names (`names_out`). COCO's file holds everything; what the others cannot hold is told by
    `losses`. Raises `UsageError` for an `out` that holds something (unless `overwrite`, and then only files of such
    layouts) or lies where the photographs do, and for names that a layout cannot write; `JobError` where it cannot be
    written.
    """
    folder = Path(out)
    check_out(folder, overwrite=overwrite)
    _check_apart(collection, folder)
    _check_boxes(collection)
    names = names_out([one.photo.name for one in collection.examples])
    with whole_folder(folder) as made:
        filed = [
            Filed(example, name, _folder(layout, example.split))
            for example, name in zip(collection.examples, names.names, strict=True)
        ]
        _WRITERS[layout](made, collection, filed)
        ways: Counter[Way] = Counter(place(one.example.photo, made / one.path, copy=copy) for one in filed)
    renamed = f"{counted(names.renamed, 'photograph')} renamed: another has the same name, or it is no name for a file"
    notes = (placed_note(ways), *losses(collection, layout), *([renamed] if names.renamed else []))
    return Written(folder, layout, notes)


def _folder(layout: Layout, split: str | None) -> str:
    return _FOLDERS[layout].format(split=split) if split else _UNDIVIDED[layout]


def check_out(folder: Path, *, overwrite: bool) -> None:
    """See that a folder may be written: it is not there, empty, or `overwrite` lets what it holds go."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder} is a file: it takes a folder")
    there = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
    strange = [name for name in there if name not in _OURS]
    if there and not overwrite:
        raise UsageError(f"--out {folder} holds {there[0]}: choose another folder, or --overwrite")
    if strange:
        raise UsageError(
            f"--out {folder} holds {strange[0]}, which is no part of such a layout and would be lost: choose another"
        )


def _check_apart(collection: Collection, folder: Path) -> None:
    if not folder.exists():
        return
    whole = folder.resolve()
    for example in collection.examples:
        photo = example.photo
        place_of = getattr(photo, "folder", None) or getattr(photo, "archive", None)
        if place_of is not None and (Path(place_of) / photo.name).resolve().is_relative_to(whole):
            raise UsageError(f"--out {folder} holds {photo.name}, which is to be written: choose another folder")


def _check_boxes(collection: Collection) -> None:
    known = set(collection.categories.values())
    for example in collection.examples:
        if example.objects is None:
            raise UsageError(f"nothing is known of boxes in {example.photo.name}: open it with open_detection")
        unknown = set(example.objects.labels) - known
        if unknown:
            raise UsageError(f"{collection.name} has boxes of {min(unknown)!r}, which is none of its categories")
