"""Photographs of which nothing is known: any folder or zip of them, any table or data set without its labels."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mobilenets.data.archive import files_inside, photos_inside
from mobilenets.data.folder import files_below
from mobilenets.data.layout import is_bare, without_labels
from mobilenets.data.naming import ending
from mobilenets.data.photos import Collection, Example, FilePhoto, Photo
from mobilenets.data.sources import open_collection
from mobilenets.files import expanded

# What may say more of photographs that lie in one folder.
_LISTS = (".csv", ".tsv", ".txt", ".json", ".xml", ".yaml", ".yml")


def nothing_known(collection: Collection, split: str) -> bool:
    """Whether nothing is said of the photographs of a split."""
    return collection.unlabelled and not any(one.label is not None for one in collection.part(split))


def is_unlabelled(source: str) -> bool:
    """Whether a source is a folder or zip whose photographs (its train) lie in one folder, with no list beside them."""
    files = _files(expanded(source)) or []
    return not any(ending(file) in _LISTS for file in files) and is_bare(files)


def open_unlabelled(source: str, *, keep_held_out: bool = False) -> Collection:
    """The photographs of a folder, a zip, a table or a named data set, in their splits and without labels.

    Folders called train, val and the like divide them; other folders say nothing. With `keep_held_out` photographs of
    val and test keep their labels' folders. Raises `UsageError` for what holds no photographs.
    """
    path = expanded(source)
    files = _files(path)
    if files is None:
        collection = open_collection(source, needs=())
        bare = (Example(one.photo, None, one.split) for one in collection.examples)
        return replace(collection, examples=tuple(bare), unlabelled=True)
    layout = without_labels(files, where=str(path), keep_held_out=keep_held_out)
    photos = _photos([one.path for one in layout.photos], path)
    examples = (Example(photos[one.path], one.label, one.split) for one in layout.photos)
    name = path.resolve().name if path.is_dir() else path.stem
    return Collection(name=name, examples=tuple(examples), notes=layout.notes, unlabelled=True)


def _files(path: Path) -> list[str] | None:
    """The files of a folder or zip by their paths inside; None for anything else."""
    if path.is_dir():
        return files_below(path)
    return files_inside(path) if path.suffix.lower() == ".zip" and path.is_file() else None


def _photos(names: Iterable[str], path: Path) -> Mapping[str, Photo]:
    return {name: FilePhoto(name, path) for name in names} if path.is_dir() else photos_inside(names, path)
