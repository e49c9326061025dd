"""Labels and splits from the paths of files alone, the same for a folder and a zip.

Understood, in any case and under any common top folder:

    label/photo.jpg                 no split yet
    train/label/photo.jpg           split, then label
    label/train/photo.jpg           label, then split

Whatever lies deeper under a label belongs to it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mobilenets.data.audit import need_two_labels
from mobilenets.data.naming import ending, is_companion, is_image, is_system, natural, split_name
from mobilenets.data.wording import counted, listed
from mobilenets.errors import UsageError

_KINDS = ".jpg, .png, .webp, .heic and the like"
# Parts of a path that has both a split and a label: two folders and the file.
_LABELLED = 3
EXPECTED = "expected SOURCE/label/photo.jpg or SOURCE/train/label/photo.jpg with SOURCE/val/label/photo.jpg"


@dataclass(frozen=True, slots=True)
class Placed:
    """One photograph: its path as given, its label and its split."""

    path: str
    label: str | None
    split: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Every photograph in natural order, and what must be said about the rest."""

    photos: tuple[Placed, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A photograph's path, and its parts below the common top folder."""

    path: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which part of a path is the label and which the split, and the split each folder's name stands for."""

    label_at: int = 0
    split_at: int | None = None
    splits: Mapping[str, str] = field(default_factory=dict)

    def place(self, photo: _Found) -> Placed | None:
        """The photograph with its label and split; None where a part is missing or no split."""
        if len(photo.parts) < max(self.label_at, self.split_at or 0) + 2:
            return None
        split = None if self.split_at is None else self.splits.get(photo.parts[self.split_at])
        if split is None and self.split_at is not None:
            return None
        return Placed(photo.path, photo.parts[self.label_at], split)


def arrange(files: Iterable[str], folders: Iterable[str] = (), *, where: str) -> Layout:
    """Labels and splits of `files`, paths below `where` with `/` between the parts; `folders` are those seen.

    Raises `UsageError` where there is nothing to learn from: no photographs, none in a sub-folder, one label only,
    two folders for one split. System files are passed over in silence.
    """
    photos, notes = _sift(files)
    if not photos:
        raise UsageError(f"{where} holds no photographs ({_KINDS}): {EXPECTED}")
    photos, top = _below_top(photos)
    plan = _plan(photos, where=where)
    places = [(photo, plan.place(photo)) for photo in photos]
    placed = [place for _, place in places if place is not None]
    strays = [photo for photo, place in places if place is None]
    if not placed:
        raise UsageError(f"{where}: every photograph lies outside a label's folder {_first(strays)}: {EXPECTED}")
    need_two_labels((photo.label for photo in placed), where=where, remedy=f"; {EXPECTED}")
    if top:
        notes.append(f"the labels are folders of {'/'.join(top)} inside {where}")
    if strays:
        notes.append(f"{counted(len(strays), 'photograph')} left out: outside every label's folder {_first(strays)}")
    notes += _empty(folders, photos, plan, top)
    if {photo.split for photo in placed} == {"train"}:
        placed = [replace(photo, split=None) for photo in placed]
    return Layout(tuple(sorted(placed, key=lambda photo: natural(photo.path))), tuple(notes))


def is_bare(files: Iterable[str]) -> bool:
    """Whether nothing can be told of photographs by their paths: all of them, or all of train, lie in one folder."""
    photos, _ = _sift(files)
    if not photos:
        return False
    photos, _ = _below_top(photos)
    if _divided(photos):
        photos = [photo for photo in photos if split_name(photo.parts[0]) == "train"]
    return len({photo.parts[:-1] for photo in photos}) == 1


def without_labels(files: Iterable[str], *, where: str, keep_held_out: bool = False) -> Layout:
    """The photographs among `files` in their splits, if the first folders are splits; other folders say nothing.

    With `keep_held_out` those of val and test that lie in a label's folder have it. Raises `UsageError` where there
    are no photographs or two folders for one split.
    """
    photos, notes = _sift(files)
    if not photos:
        raise UsageError(f"{where} holds no photographs ({_KINDS})")
    below, _ = _below_top(photos)
    firsts = sorted({photo.parts[0] for photo in below}, key=natural)
    splits = _splits(firsts, where=where) if _divided(below) else {}
    placed = [_placed(photo, splits, keep=keep_held_out) for photo in below]
    if {photo.split for photo in placed} == {"train"}:
        placed = [replace(photo, split=None) for photo in placed]
    return Layout(tuple(sorted(placed, key=lambda photo: natural(photo.path))), tuple(notes))


def _divided(photos: list[_Found]) -> bool:
    return all(len(photo.parts) > 1 and split_name(photo.parts[0]) for photo in photos)


def _placed(photo: _Found, splits: Mapping[str, str], *, keep: bool) -> Placed:
    split = splits.get(photo.parts[0])
    labelled = keep and split not in (None, "train") and len(photo.parts) >= _LABELLED
    return Placed(photo.path, photo.parts[1] if labelled else None, split)


def _sift(files: Iterable[str]) -> tuple[list[_Found], list[str]]:
    """The photographs among files; what is neither photograph nor usual company is counted."""
    photos: list[_Found] = []
    strange: Counter[str] = Counter()
    for file in files:
        parts = tuple(file.split("/"))
        if any(map(is_system, parts)):
            continue
        if is_image(parts[-1]):
            photos.append(_Found(file, parts))
        elif not is_companion(parts[-1]):
            strange[ending(parts[-1]) or "no ending"] += 1
    if not strange:
        return photos, []
    kinds = ", ".join(f"{count} with {kind}" for kind, count in strange.most_common(4))
    return photos, [f"{counted(strange.total(), 'file')} left out as no image by the name's ending ({kinds})"]


def _below_top(photos: list[_Found]) -> tuple[list[_Found], tuple[str, ...]]:
    """The photographs without the folders that all of them share above their labels, and those folders."""
    top: tuple[str, ...] = ()
    while True:
        first = photos[0].parts[0]
        if split_name(first) or not all(len(photo.parts) >= _LABELLED and photo.parts[0] == first for photo in photos):
            return photos, top
        photos = [replace(photo, parts=photo.parts[1:]) for photo in photos]
        top = (*top, first)


def _plan(photos: list[_Found], *, where: str) -> _Plan:
    inside = [photo.parts for photo in photos if len(photo.parts) > 1]
    firsts = dict.fromkeys(parts[0] for parts in inside)
    over_labels = {parts[0] for parts in inside if len(parts) >= _LABELLED and split_name(parts[0])}
    others = [first for first in firsts if not split_name(first)]
    if over_labels:
        splits = _splits([first for first in firsts if split_name(first)], where=where)
        if others and len(splits) == 1:
            name = next(iter(splits))
            raise UsageError(
                f"{where}: is the folder {name!r} a split, or a label beside {others[0]!r}? Rename it if a label; "
                f"move what is beside it elsewhere if a split"
            )
        return _Plan(label_at=1, split_at=0, splits=splits)
    if inside and all(len(parts) >= _LABELLED and split_name(parts[1]) for parts in inside):
        return _Plan(label_at=0, split_at=1, splits=_splits(dict.fromkeys(parts[1] for parts in inside), where=where))
    if inside and not others:
        raise UsageError(f"{where}: photographs lie directly in {next(iter(firsts))!r}, without a label: {EXPECTED}")
    return _Plan()


def _splits(names: Iterable[str], *, where: str) -> dict[str, str]:
    """What each folder stands for. Beside a val, an eval can only be the test."""
    splits = {name: split_name(name) or "" for name in names}
    rivals = [name for name in splits if name.lower().startswith("eval")]
    if rivals and len(splits) > len(set(splits.values())) and "test" not in splits.values():
        splits[rivals[0]] = "test"
    for split in set(splits.values()):
        same = [name for name in splits if splits[name] == split]
        if len(same) > 1:
            raise UsageError(
                f"{where}: {same[0]!r} and {same[1]!r} both mean the split {split}: join them or rename one"
            )
    return splits


def _empty(folders: Iterable[str], photos: list[_Found], plan: _Plan, top: tuple[str, ...]) -> list[str]:
    """Folders that stand where a label or split is expected and hold nothing."""
    full = {photo.parts[:depth] for photo in photos for depth in range(len(photo.parts))}
    empty = []
    for folder in folders:
        parts = tuple(folder.split("/"))
        inside = parts[len(top) :]
        hidden = parts[: len(top)] != top or any(is_system(part) for part in parts)
        # Of nested empty folders the outermost says it all.
        if inside and not hidden and len(inside) <= plan.label_at + 1 and inside not in full and inside[:-1] in full:
            empty.append("/".join(parts))
    if not empty:
        return []
    return [f"no photographs in {listed(sorted(empty, key=natural))}: left out"]


def _first(strays: list[_Found]) -> str:
    return f"(the first: {min((stray.path for stray in strays), key=natural)})"
