"""YOLO: a text file a photograph, in any of the layouts that Ultralytics, Roboflow, Darknet and CVAT write."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mobilenets.data.detection.assembling import assemble
from mobilenets.data.detection.drawn import Drawing, Listed
from mobilenets.data.detection.pairing import key_of, photographs_by_key
from mobilenets.data.detection.tally import Tally
from mobilenets.data.detection.tree import Tree, joined, relative
from mobilenets.data.detection.yolo_names import YoloPlan, is_plan, names_beside, plan_of, text_lines
from mobilenets.data.detection.yolo_rows import yolo_rows
from mobilenets.data.naming import ending, is_image, natural, split_name
from mobilenets.data.photos import Collection
from mobilenets.errors import UsageError

_TEXT = ".txt"
_NO_LABELS = frozenset({"classes.txt", "labels.txt", "names.txt", "train.txt", "val.txt", "test.txt", "readme.txt"})


def yolo_plan(tree: Tree, names: Sequence[str]) -> str | None:
    """The data.yaml at the top of a tree: a YAML file that names classes; raises `UsageError` where there are two."""
    plans = [name for name in names if "/" not in name and is_plan(tree, name)]
    if len(plans) > 1:
        raise UsageError(
            f"{tree.where} has {plans[0]} and {plans[1]}, both with names of classes: name the one to read"
        )
    return plans[0] if plans else None


def label_files(names: Sequence[str]) -> dict[tuple[str, ...], str]:
    """The text files among `names` that belong to a photograph or lie in a folder `labels`, by what they share."""
    photographs = photographs_by_key(names)
    texts = [one for one in names if ending(one) == _TEXT and one.rpartition("/")[2].lower() not in _NO_LABELS]
    inside = (one for one in texts if "labels" in one.split("/")[:-1] or key_of(one) in photographs)
    return {key_of(one): one for one in inside}


def read_yolo(tree: Tree, names: Sequence[str], plan_file: str | None, *, name: str) -> Collection:
    """The photographs and boxes of YOLO's label files, in the splits that data.yaml or else the folders say.

    `names` are all files of the tree. A photograph without a label file has no boxes. Classes keep their numbers.
    Raises `UsageError` for damaged files and photographs in two splits, `JobError` where over 1 % cannot be used.
    """
    plan = plan_of(tree, plan_file) if plan_file else YoloPlan(names_beside(tree) or {})
    reading = _Reading(tree, plan)
    photographs = list(_planned(tree, plan, plan_file, reading.tally) if plan.parts else _by_folder(names))
    labels = label_files(list(dict.fromkeys([*names, *(photo for photo, _ in photographs)])))
    for photo, split in photographs:
        reading.add(photo, split, labels)
    stray = sorted(set(labels.values()) - reading.read, key=natural)
    reading.tally.add("stray", len(stray), first=stray[0] if stray else "")
    return assemble(name, reading.listed, reading.drawing.done(), reading.categories(), reading.tally, shares=True)


@dataclass(slots=True)
class _Reading:
    """What the label files gave so far."""

    tree: Tree
    plan: YoloPlan
    listed: list[Listed] = field(default_factory=list)
    drawing: Drawing = field(default_factory=Drawing)
    splits: dict[str, str | None] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        for number, label in self.plan.names.items():
            self.numbers.setdefault(label, number)

    def add(self, photo: str, split: str | None, labels: Mapping[tuple[str, ...], str]) -> None:
        if photo in self.splits:
            if self.splits[photo] != split:
                raise UsageError(f"{self.tree.where}/{photo} is in {self.splits[photo]} and {split}: leave it in one")
            self.tally.add("listed twice", first=photo)
            return
        self.splits[photo] = split
        owner = len(self.listed)
        self.listed.append(Listed(self.tree.photo(photo), split))
        file = labels.get(key_of(photo)) or self._label_beside(photo)
        if file is None:
            self.tally.add("nothing said", first=photo)
            return
        self.read.add(file)
        where = f"{self.tree.where}/{file}"
        for row in yolo_rows("\n".join(text_lines(self.tree, file)), where, points=self.plan.points):
            if self.plan.names and row.kind not in self.plan.names:
                self.tally.add("unknown category", first=f"class {row.kind} in {file}")
                continue
            self.tally.add("outline", int(row.outline))
            label = self.plan.names.get(row.kind)
            self.drawing.add(owner, row.box, row.kind if label is None else self.numbers[label])

    def _label_beside(self, photo: str) -> str | None:
        """The label file of a photograph outside of the tree."""
        stem = photo.removesuffix(ending(photo))
        above, found, below = f"/{stem}".rpartition("/images/")
        swapped = f"{above}/labels/{below}".removeprefix("/") if found else stem
        return next((one for one in (f"{swapped}{_TEXT}", f"{stem}{_TEXT}") if self.tree.has(one)), None)

    def categories(self) -> dict[int, str]:
        """The classes by number, of two with one name the first; where nothing names them they are called by it."""
        if self.plan.names:
            same = [
                f"{number} is {label}" for number, label in self.plan.names.items() if self.numbers[label] != number
            ]
            self.tally.add("same name", len(same), first=same[0] if same else "")
            return {number: label for label, number in self.numbers.items()}
        unnamed = sorted(set(self.drawing.kinds))
        self.tally.add("unnamed", len(unnamed))
        return {number: str(number) for number in unnamed}


def _by_folder(names: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """All photographs, in the splits that a folder of their path says."""
    for name in names:
        if is_image(name):
            yield name, next((split for split in map(split_name, name.split("/")[:-1]) if split), None)


def _planned(tree: Tree, plan: YoloPlan, file: str | None, tally: Tally) -> Iterator[tuple[str, str]]:
    """The photographs that a data.yaml lists, split by split."""
    for split, paths in plan.parts.items():
        for path in paths:
            found = _found(tree, plan, path)
            if found is None and split == "test":
                tally.add("no split", first=f"{split} is {path}")  # Roboflow names one whether it is there or not
                continue
            if found is None:
                raise UsageError(f"{tree.where}/{file}: {split} is {path}, which is not there: correct it or path")
            for photo in found:
                yield photo, split


def _found(tree: Tree, plan: YoloPlan, path: str) -> list[str] | None:
    """The photographs of a folder or a list; None where there is neither.

    `path` counts from the plan's root, as Ultralytics takes it, or from the plan itself: the root is often that of
    another machine, and Roboflow writes `../train/images` for `train/images`.
    """
    places = ((plan.root, path), ("", path), ("", path.lstrip("./")))
    for place in dict.fromkeys(_within(tree, root, below) for root, below in places):
        if ending(place) == _TEXT and tree.has(place):
            return list(_listed(tree, place))
        photographs = [one for one in tree.inside(place) if is_image(one)]
        if photographs:
            return photographs
    return None


def _within(tree: Tree, root: str, path: str) -> str:
    """A path of the plan as the tree names it."""
    whole = Path(root) / path
    return relative(whole, Path(tree.where)) if whole.is_absolute() else joined(root, path)


def _listed(tree: Tree, file: str) -> Iterator[str]:
    """The photographs of a list: a line each, from where the list lies (`./`) or from the top."""
    folder = file.rpartition("/")[0]
    for line in text_lines(tree, file):
        path = line.strip().replace("\\", "/")
        if path:
            beside = _within(tree, folder, path)
            yield beside if path.startswith("./") or tree.has(beside) else _within(tree, "", path)
