"""The validation photographs of ILSVRC-2012 as they are handed out: all in one folder, their labels in a file beside.

Understood: Kaggle's `LOC_val_solution.csv`, TensorFlow's `imagenet_2012_validation_synset_labels.txt`, a `labels.csv`,
the organisers' devkit and Caffe's `val.txt` (see `ilsvrc_labels`). Photographs that lie in a folder a class
(`n01440764/`) are a folder as any other, and not read here.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mobilenets.data.folder import read_folder
from mobilenets.data.ilsvrc_labels import KNOWN, Labels, number_of, read_labels
from mobilenets.data.naming import is_image, natural
from mobilenets.data.photos import Collection, Example, FilePhoto
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError

_WNID = re.compile(r"n\d{8}")
_PLACES = ("", "val", "images", "ILSVRC2012_img_val", "ILSVRC/Data/CLS-LOC/val", "Data/CLS-LOC/val")
_TRAIN = "train"


def read_ilsvrc(folder: Path) -> Collection | None:
    """The photographs of an ILSVRC folder, labelled by wnid; None where a folder holds no such photographs.

    They are named as ILSVRC's (`ILSVRC2012_val_00000001.JPEG`) and lie directly in `folder` or in one of its usual
    sub-folders; a `train` with a folder a class beside that sub-folder comes with them. Raises `UsageError` where
    their labels are not to be found or not to be understood.
    """
    found = next(filter(None, (_flat(folder, place) for place in _PLACES)), None)
    if found is None:
        return None
    labels = read_labels(found.beside)
    if labels is None:
        raise UsageError(
            f"{found.folder} holds ILSVRC's validation photographs, and no file beside says their labels: "
            f"put one of {', '.join(KNOWN)} there"
        )
    examples = tuple(_labelled(found, labels))
    if not examples:
        raise UsageError(f"{labels.file} has the label of no photograph in {found.folder}: it belongs to others")
    return Collection(
        name=folder.resolve().name, examples=(*_training(found), *examples), notes=_notes(found, labels, len(examples))
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """Photographs by number in the folder `place` of `top`."""

    top: Path
    place: str
    photographs: dict[int, str]

    @property
    def folder(self) -> Path:
        return self.top / self.place

    @property
    def beside(self) -> tuple[Path, ...]:
        """Where a file of labels may lie, the nearest first: never above the folder over the named one."""
        if not self.place:
            return (self.top, self.top.absolute().parent)
        return (self.folder, *(self.top / above for above in Path(self.place).parents))


def _flat(top: Path, place: str) -> _Found | None:
    try:
        with os.scandir(top / place) as scan:
            names = [entry.name for entry in scan if is_image(entry.name)]
    except OSError:
        # Not there, or not to be read: the reader of ordinary folders says so where it matters.
        return None
    numbered = {number: name for name in sorted(names, key=natural) if (number := number_of(name)) is not None}
    return _Found(top, place, numbered) if numbered else None


def _labelled(found: _Found, labels: Labels) -> Iterator[Example]:
    for number, name in sorted(found.photographs.items()):
        wnid = labels.wnids.get(number)
        if wnid is not None:
            yield Example(FilePhoto(f"{found.place}/{name}" if found.place else name, found.top), wnid, "val")


def _training(found: _Found) -> Iterator[Example]:
    """The training photographs, where they are there too, in a folder a class."""
    place = (Path(found.place).parent / _TRAIN).as_posix()
    folder = found.top / place
    if not found.place or not folder.is_dir() or not any(_WNID.fullmatch(entry.name) for entry in folder.iterdir()):
        return
    for example in read_folder(folder).examples:
        yield replace(example, photo=FilePhoto(f"{place}/{example.photo.name}", found.top), split=_TRAIN)


def _notes(found: _Found, labels: Labels, used: int) -> tuple[str, ...]:
    notes = [f"{counted(used, 'validation photograph')} of ILSVRC-2012, labelled by {labels.file} ({labels.how})"]
    without = len(found.photographs) - used
    if without:
        notes.append(f"{counted(without, 'photograph')} left out: {labels.file.name} has no label for them")
    absent = len(labels.wnids) - used
    if absent:
        notes.append(f"{labels.file.name} lists {counted(absent, 'more photograph')}, not in {found.folder}")
    return tuple(notes)
