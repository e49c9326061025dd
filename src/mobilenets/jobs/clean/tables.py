"""What a cleaning leaves: a table of the photographs that stay, and one of those that went and why."""

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from mobilenets.data.photos import Example, FilePhoto, Photo
from mobilenets.errors import UsageError
from mobilenets.files import write_whole
from mobilenets.jobs.clean.sift import Removed

COLUMNS = ("file", "label", "split")
REMOVED_COLUMNS = ("file", "label", "reason", "like", "by", "distance")
_DIGITS = 4


def removed_table(table: Path) -> Path:
    """Where the photographs that went are listed, beside the `table` of those that stay."""
    return table.with_name(f"{table.stem}-removed.csv")


def check_listable(source: str, examples: Sequence[Example], *, named: bool = False) -> None:
    """Raise `UsageError` unless the photographs are files on disk and, with `named`, a table can hold their names."""
    if any(not isinstance(example.photo, FilePhoto) for example in examples):
        raise UsageError(f"{source}: a table of photographs names files on disk; unpack them into a folder")
    strange = next((example.photo.name for example in examples if named and unlistable(example.photo)), None)
    if strange is not None:
        raise UsageError(f"{source}: the name of {strange!r} is not UTF-8, so no table can list it; rename it")


def unlistable(photo: Photo) -> str | None:
    """Why a table, which is UTF-8, cannot name a photograph; None where it can."""
    try:
        photo.name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return None


def write_kept(table: Path, examples: Iterable[Example]) -> None:
    """Write file, label and, where there is one, split; a source of photographs for `train`.

    Files below the table's folder are named from there, so that both can move together; others by their full path.
    """
    kept = list(examples)
    columns = COLUMNS if any(example.split for example in kept) else COLUMNS[:-1]
    rows = [(_path(example.photo, table.parent), example.label, example.split)[: len(columns)] for example in kept]
    _write(table, columns, rows)


def write_removed(table: Path, removed: Iterable[Removed]) -> None:
    """Write every photograph that went: why, what it resembles, what was compared and how far apart they are."""
    rows = [
        (one.example.photo.name, one.example.label, one.reason, one.like, one.by, _number(one.distance))
        for one in removed
    ]
    _write(table, REMOVED_COLUMNS, rows)


def _path(photo: Photo, folder: Path) -> str:
    assert isinstance(photo, FilePhoto)  # by check_listable
    file, folder = (photo.folder / photo.name).absolute(), folder.absolute()
    return os.fspath(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _number(distance: float | None) -> str:
    return "" if distance is None else f"{round(distance, _DIGITS):g}"


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)

    write_whole(path, write)
