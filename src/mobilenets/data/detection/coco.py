"""COCO's JSON files: which of a folder's are read, for which split, and where their photographs lie."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from reprlib import repr as shown
from typing import Any

from mobilenets.data.detection.assembling import assemble
from mobilenets.data.detection.coco_boxes import boxes_of, joined_boxes
from mobilenets.data.detection.coco_file import CocoFile, coco_file, is_coco, load, whole_number
from mobilenets.data.detection.drawn import Drawn, Listed
from mobilenets.data.detection.tally import Tally
from mobilenets.data.detection.tree import Tree, joined
from mobilenets.data.naming import ending, is_image, split_name
from mobilenets.data.photos import Collection
from mobilenets.errors import UsageError

_JSON = ".json"
_ANNOTATIONS = "annotations"
# What COCO has beside the boxes, over the same photographs.
_OTHERS = ("captions_", "person_keypoints_", "panoptic_", "stuff_", "image_info_")
_INSTANCES = "instances_"
_WORDS = re.compile(r"[^A-Za-z0-9]+")
_SAMPLE = 200


def coco_files(tree: Tree, names: Sequence[str]) -> tuple[str, ...]:
    """The JSON files among `names` that lie where COCO's do: on top, in `annotations/` or in a split's folder."""
    placed = [name for name in names if ending(name) == _JSON and _is_placed(name)]
    instances = [name for name in placed if _base(name).startswith(_INSTANCES)]
    if instances:
        return tuple(instances)
    plain = [name for name in placed if not _base(name).startswith(_OTHERS)] or placed
    return tuple(name for name in plain if is_coco(tree.read(name)))


def _is_placed(name: str) -> bool:
    folder, _, _ = name.rpartition("/")
    return folder.lower() in ("", _ANNOTATIONS) or split_name(folder) is not None


def read_coco(tree: Tree, files: Sequence[str], *, name: str) -> Collection:
    """The photographs and boxes of COCO files, whose splits are told by their names or folders.

    Raises `UsageError` for a file that is damaged or makes no sense and for two files of one split, `JobError` where
    over 1 % of the photographs cannot be used.
    """
    splits = _splits(files, tree)
    reading = _Reading(tree)
    for file in files:
        reading.add(file, splits[file])
    reading.count_unlisted()
    return assemble(name, reading.listed, joined_boxes(reading.drawn), reading.categories(), reading.tally)


def image_ids(tree: Tree, files: Sequence[str]) -> dict[str, int | str]:
    """The id of each photograph that COCO files list, by its place in the tree. Raises `UsageError` as `read_coco`."""
    ids: dict[str, int | str] = {}
    for name in files:
        file = coco_file(load(tree, name), f"{tree.where}/{name}")
        names = [_file_name(file, place, image) for place, image in enumerate(file.images)]
        folder = _photo_folder(tree, name, names, _split(name))
        found = (
            (base, _identity(file, place, image))
            for place, (image, base) in enumerate(zip(file.images, names, strict=True))
        )
        ids |= {joined(folder, base): identity for base, identity in found}
    return ids


def _splits(files: Sequence[str], tree: Tree) -> dict[str, str | None]:
    splits = {file: _split(file) for file in files}
    for split, count in Counter(splits.values()).items():
        if count > 1:
            same = [file for file in files if splits[file] == split]
            what = f"both mean the split {split}" if split else "have no split in their names"
            raise UsageError(f"{tree.where}: {same[0]} and {same[1]} {what}: name the one to be read")
    return splits


def _split(file: str) -> str | None:
    """train, val or test as a word of the file's name says, else its folder's."""
    folder, _, base = file.rpartition("/")
    words = _WORDS.split(base.removesuffix(_JSON))
    return next((split for split in map(split_name, reversed(words)) if split), None) or split_name(_base(folder))


def _base(name: str) -> str:
    return name.rpartition("/")[2]


@dataclass(slots=True)
class _Reading:
    """What the files gave so far."""

    tree: Tree
    listed: list[Listed] = field(default_factory=list)
    drawn: list[Drawn] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    by_path: dict[str, int] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def add(self, name: str, split: str | None) -> None:
        file = coco_file(load(self.tree, name), f"{self.tree.where}/{name}")
        kinds = self._kinds(file)
        places = self._photographs(file, name, split)
        self.drawn.append(boxes_of(file, places, kinds, self.tally))

    def _kinds(self, file: CocoFile) -> dict[int, int]:
        """The number of each category by the number that the file gives it: another's where two have one name."""
        kinds: dict[int, int] = {}
        for place, category in enumerate(file.categories):
            number, label = whole_number(category.get("id")), category.get("name")
            label = str(label) if isinstance(label, int) and not isinstance(label, bool) else label
            if number is None or not isinstance(label, str) or not label.strip():
                raise UsageError(f"{file.where}: categories[{place}] has no whole number as id and no text as name")
            known = self.names.setdefault(number, label)
            if known != label:
                raise UsageError(f"{file.where}: category {number} is {label!r} and {known!r}: a number has one name")
            kinds[number] = self.numbers.setdefault(label, number)
        return kinds

    def _photographs(self, file: CocoFile, name: str, split: str | None) -> dict[Any, int]:
        """The place of each photograph by the id that the file gives it."""
        names = [_file_name(file, place, image) for place, image in enumerate(file.images)]
        folder = _photo_folder(self.tree, name, names, split)
        self.folders[folder] = None
        places: dict[Any, int] = {}
        for (place, image), base in zip(enumerate(file.images), names, strict=True):
            path = joined(folder, base)
            identity = _identity(file, place, image)
            owner = self.by_path.setdefault(path, len(self.listed))
            if owner == len(self.listed):
                self.listed.append(Listed(self.tree.photo(path), split, _size(file, place, image)))
            elif self.listed[owner].split != split:
                raise UsageError(f"{file.where}: {path} is in {self.listed[owner].split} too: leave it in one of them")
            else:
                self.tally.add("listed twice", first=path)
            if places.setdefault(identity, owner) != owner:
                other = self.listed[places[identity]].photo.name
                raise UsageError(f"{file.where}: the image id {identity!r} is of {other} and of {path}: ids are unique")
        return places

    def count_unlisted(self) -> None:
        """Count the photographs in the same folders that no file names; at the very top anything may lie."""
        inside = (one for folder in self.folders if folder for one in self.tree.inside(folder))
        others = list(dict.fromkeys(one for one in inside if is_image(one) and one not in self.by_path))
        self.tally.add("unlisted", len(others), first=others[0] if others else "")

    def categories(self) -> dict[int, str]:
        """The categories by number; of two with one name the one that came first. What is odd about them is counted."""
        known = dict(sorted(self.names.items()))
        same = [f"{number} is {label}" for number, label in known.items() if self.numbers[label] != number]
        self.tally.add("same name", len(same), first=same[0] if same else "")
        self.tally.add("gaps", max(known) - min(known) + 1 - len(known) if known else 0)
        return {number: label for number, label in known.items() if self.numbers[label] == number}


def _file_name(file: CocoFile, place: int, image: Mapping[str, Any]) -> str:
    name = image.get("file_name")
    if not isinstance(name, str) or not name:
        raise UsageError(f"{file.where}: images[{place}] has no file_name: repair it or take it out")
    return name.replace("\\", "/")


def _identity(file: CocoFile, place: int, image: Mapping[str, Any]) -> int | str:
    identity = image.get("id")
    if isinstance(identity, float) and identity.is_integer():
        identity = int(identity)
    if not isinstance(identity, int | str):
        raise UsageError(f"{file.where}: images[{place}] has the id {shown(identity)}: a number or a text is needed")
    return identity


def _size(file: CocoFile, place: int, image: Mapping[str, Any]) -> tuple[int, int] | None:
    """The stated (height, width); None where none is stated (missing, null or 0)."""
    height, width = image.get("height"), image.get("width")
    if not height or not width:
        return None
    size = whole_number(height), whole_number(width)
    if size[0] is None or size[1] is None or min(size[0], size[1]) < 1:
        raise UsageError(
            f"{file.where}: images[{place}] has the size {shown(width)} x {shown(height)}: whole pixels are needed"
        )
    return size[0], size[1]


def _photo_folder(tree: Tree, file: str, names: Sequence[str], split: str | None) -> str:
    """The folder in which most of the photographs are that a file names, of those where COCO's tools put them."""
    here = file.rpartition("/")[0]
    words = [word for word in _WORDS.split(_base(file).removesuffix(_JSON)) if split_name(word)]
    parts = [
        "",
        "images",
        *words,
        *(f"images/{word}" for word in words),
        *([split, f"images/{split}"] if split else []),
    ]
    folders = dict.fromkeys(joined(joined(here, above), part) for above in ("", "..") for part in parts)
    sample = names[:: max(len(names) // _SAMPLE, 1)]
    found = {folder: sum(tree.has(joined(folder, one)) for one in sample) for folder in folders}
    best = max(found, key=lambda folder: found[folder])
    if sample and not found[best]:
        looked = ", ".join(folder or "." for folder in folders)
        raise UsageError(
            f"{tree.where}/{file} names {len(names):,} photographs (the first: {names[0]}) and none is there: put them "
            f"into one of the folders {looked}"
        )
    return best
