"""Pascal VOC: an XML file a photograph, in VOC's own folders or wherever they lie beside the photographs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mobilenets.data.detection.assembling import assemble
from mobilenets.data.detection.drawn import Drawing, Listed
from mobilenets.data.detection.pairing import chosen, key_of, photographs_by_key
from mobilenets.data.detection.tally import Tally
from mobilenets.data.detection.tree import Tree
from mobilenets.data.detection.voc_file import VocFile, voc_file
from mobilenets.data.naming import ending, is_image, natural, split_name
from mobilenets.data.photos import Collection
from mobilenets.errors import UsageError

LISTS, NAMES = "ImageSets/Main", "labels.txt"
_XML = ".xml"
_SPLITS = {"train": "train", "val": "val", "test": "test", "trainval": "train"}


def voc_files(names: Sequence[str]) -> tuple[str, ...]:
    """The XML files among `names`, without those of VOC's other contests."""
    others = ("SegmentationClass/", "SegmentationObject/", "ImageSets/")
    return tuple(name for name in names if ending(name) == _XML and not any(part in name for part in others))


def read_voc(tree: Tree, names: Sequence[str], *, name: str) -> Collection:
    """The photographs and boxes of XML files, in the splits that `ImageSets/Main` or else their folders say.

    `names` are all files of the tree. Categories are numbered from 1 as `labels.txt` lists them, else in natural order.
    Raises `UsageError` for damaged files and photographs in two splits, `JobError` where over 1 % cannot be used.
    """
    reading = _Reading(tree, photographs_by_key(names), _lists(tree, names))
    for file in voc_files(names):
        reading.add(file)
    reading.tell_rest(names)
    used = {one.name for content in reading.files for one in content.objects}
    categories = _categories(tree, names, used)
    numbers = {label: number for number, label in categories.items()}
    drawing = Drawing()
    for owner, content in enumerate(reading.files):
        for one in content.objects:
            drawing.add(owner, one.box, numbers[one.name], difficult=one.difficult)
    return assemble(name, reading.listed, drawing.done(), categories, reading.tally)


class _Place(NamedTuple):
    """A photograph that a list names: the folder that holds ImageSets, and the name."""

    year: str
    name: str


@dataclass(slots=True)
class _Reading:
    """What the files gave so far. `lists` are the splits of the photographs that lists name, by year."""

    tree: Tree
    photographs: Mapping[tuple[str, ...], Sequence[str]]
    lists: Mapping[_Place, str]
    listed: list[Listed] = field(default_factory=list)
    files: list[VocFile] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    found: set[_Place] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)

    def add(self, name: str) -> None:
        place = _place(name)
        years = {one.year for one in self.lists}
        if place.year in years and place not in self.lists:
            self.tally.add("unlisted", first=name)
            return
        self.found.add(place)
        where = f"{self.tree.where}/{name}"
        file = voc_file(self.tree.read(name), where)
        photo = self._photo(name, file, where)
        if photo in self.seen:
            raise UsageError(f"{where} and {self.seen[photo]} are both of {photo}: take one away")
        self.seen[photo] = name
        split = self.lists[place] if place.year in years else _folder_split(name)
        self.listed.append(Listed(self.tree.photo(photo), split, file.size))
        self.files.append(file)

    def _photo(self, name: str, file: VocFile, where: str) -> str:
        """The photograph's name; where there is none, the name that it would have."""
        candidates = self.photographs.get(key_of(name), ())
        photo = chosen(candidates, file.file)
        if photo is None and candidates:
            raise UsageError(
                f"{where} may be of {candidates[0]} or {candidates[1]}: take one away, or name it as filename"
            )
        stated = file.file.replace("\\", "/").rpartition("/")[2]
        return photo or name.removesuffix(name[name.rfind(".") :]) + (ending(stated) or ".jpg")

    def tell_rest(self, names: Sequence[str]) -> None:
        """Count what lists name and no XML tells of, and photographs that nobody speaks of."""
        without = [one.name for one in self.lists if one not in self.found]
        self.tally.add("no annotation", len(without), first=without[0] if without else "")
        others = [one for one in names if is_image(one) and one not in self.seen and "Segmentation" not in one]
        if not self.lists:
            self.tally.add("unlisted", len(others), first=others[0] if others else "")


def _place(name: str) -> _Place:
    """The year of an XML file, whose Annotations lie beside ImageSets, and its name within them."""
    folder, _, base = name.rpartition("/")
    year = folder.rpartition("/")[0] if folder.rpartition("/")[2] == "Annotations" else folder
    return _Place(year, base.rpartition(".")[0])


def _folder_split(name: str) -> str | None:
    return next((split for split in map(split_name, name.split("/")[:-1]) if split), None)


def _lists(tree: Tree, names: Sequence[str]) -> dict[_Place, str]:
    """The split of every photograph that VOC's own lists name; trainval's are train where no other list has them."""
    splits: dict[_Place, str] = {}
    for list_name, split in _SPLITS.items():
        for file in names:
            year, found, base = file.rpartition(f"{LISTS}/")
            if not found or base != f"{list_name}.txt":
                continue
            for photo in _lines(tree, file):
                place = _Place(year.rstrip("/"), photo)
                before = splits.setdefault(place, split)
                if before != split and list_name != "trainval":
                    raise UsageError(f"{tree.where}/{file}: {photo} is in {before} too: take it out of one of them")
    return splits


def _lines(tree: Tree, file: str) -> list[str]:
    """The names in a list, one a line."""
    try:
        lines = tree.read(file).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{tree.where}/{file}: no UTF-8 text: save it as such") from error
    return [line.strip() for line in lines if line.strip()]


def _categories(tree: Tree, names: Sequence[str], used: set[str]) -> dict[int, str]:
    listed = _lines(tree, NAMES) if NAMES in names else []
    others = sorted(used.difference(listed), key=natural)
    return dict(enumerate(dict.fromkeys([*listed, *others]), start=1))
