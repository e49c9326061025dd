"""A folder of photographs, one sub-folder a label, split or not (see `layout`)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mobilenets.data.layout import arrange
from mobilenets.data.naming import ending, is_system
from mobilenets.data.photos import Collection, Example, FilePhoto
from mobilenets.errors import UsageError
from mobilenets.files import reason


def read_folder(folder: Path) -> Collection:
    """The photographs of a folder; links to folders are followed.

    Raises `UsageError` where there is nothing to learn from (see `layout.arrange`) or a folder may not be read.
    """
    entries = list(_walk(folder, "", ancestors=()))
    files = [entry.path for entry in entries if not entry.is_folder]
    try:
        layout = arrange(files, [entry.path for entry in entries if entry.is_folder], where=str(folder))
    except UsageError as error:
        tables = sorted(file for file in files if "/" not in file and ending(file) in (".csv", ".tsv"))
        if not tables:
            raise
        raise UsageError(f"{error}; if {tables[0]} lists the labels, pass {folder / tables[0]}") from error
    examples = (Example(FilePhoto(photo.path, folder), photo.label, photo.split) for photo in layout.photos)
    return Collection(name=folder.resolve().name, examples=tuple(examples), notes=layout.notes)


def files_below(folder: Path) -> list[str]:
    """The paths of all files in a folder, from there; raises `UsageError` where a folder may not be read."""
    return [entry.path for entry in _walk(folder, "", ancestors=()) if not entry.is_folder]


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    is_folder: bool


def _walk(folder: Path, below: str, *, ancestors: tuple[tuple[int, int], ...]) -> Iterator[_Entry]:
    """Everything under `folder`, named by its path from the top; a link back to a folder above ends there."""
    try:
        status = folder.stat()
        with os.scandir(folder) as scan:
            entries = list(scan)
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {reason(error)}") from error
    identity = (status.st_dev, status.st_ino)
    if identity in ancestors:
        return
    for entry in entries:
        if is_system(entry.name):
            continue
        path = below + entry.name
        folder_too = _is_folder(entry)
        yield _Entry(path, folder_too)
        if folder_too:
            yield from _walk(folder / entry.name, f"{path}/", ancestors=(*ancestors, identity))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or a link to one; a link that leads round in a circle is a file that cannot be read."""
    try:
        return entry.is_dir()
    except OSError:
        return False
