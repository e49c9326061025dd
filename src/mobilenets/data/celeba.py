"""CelebA's files (Liu et al., 2015): a list of attributes, perhaps a partition, and the photographs.

Understood: the authors' `list_attr_celeba.txt` and `list_eval_partition.txt` (in `Anno` and `Eval`, or beside the
photographs' folder) and the same as `.csv`; photographs in `img_align_celeba`, once or twice nested, or in `Img`.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mobilenets.data.answers import ACCEPTED, UNKNOWN, answer
from mobilenets.data.audit import check_bad
from mobilenets.data.naming import is_image
from mobilenets.data.photos import Collection, Example, FilePhoto
from mobilenets.data.table import read_table
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.files import reason

ATTRIBUTES, PARTITION = "list_attr_celeba", "list_eval_partition"
_ENDINGS = (".txt", ".csv")
_LISTS = ("", "Anno", "Eval")
_PHOTOGRAPHS = (
    "img_align_celeba",
    "img_align_celeba/img_align_celeba",
    "Img/img_align_celeba",
    "",
)
_SPLITS = {"0": "train", "1": "val", "2": "test"}


def read_celeba(source: Path) -> Collection | None:
    """The photographs of CelebA's folder, or of its list of attributes; None where the source is neither.

    The partition's 0, 1 and 2 are train, val and test; without it the collection has no splits. Names of attributes
    are in small letters. Raises `UsageError` for lists that cannot be understood or without photographs, and `JobError`
    where over 1 % of the listed photographs are not there.
    """
    folder = source.parent if source.stem == ATTRIBUTES and source.is_file() else source
    attributes = _find(folder, ATTRIBUTES)
    if attributes is None:
        return None
    listed = _read_list(attributes)
    partition = _find(folder, PARTITION)
    splits = _read_partition(partition, listed) if partition else {}
    place, there = _photographs(folder)
    missing = {name: "missing" for name in listed.rows if name not in there}
    lost = check_bad(missing, len(listed.rows))
    examples = tuple(
        Example(FilePhoto(f"{place}/{name}" if place else name, folder), None, splits.get(name), fields)
        for name, fields in listed.rows.items()
        if name not in missing
    )
    notes = [f"{counted(len(listed.names), 'attribute')} of {attributes}", *([lost] if lost else [])]
    return Collection(name=folder.resolve().name, examples=examples, notes=tuple(notes), bad=missing)


@dataclass(frozen=True, slots=True)
class _Listed:
    """The attributes' names, and what is known of each photograph."""

    names: tuple[str, ...]
    rows: dict[str, dict[str, str]]


def _find(folder: Path, stem: str) -> Path | None:
    files = (folder / place / f"{stem}{ending}" for place in _LISTS for ending in _ENDINGS)
    return next((file for file in files if file.is_file()), None)


def _read_list(file: Path) -> _Listed:
    header, lines = _lines_of(file, headed=True)
    names = tuple(name.lower() for name in header)
    if not names or len(set(names)) < len(names):
        raise UsageError(f"{file} names no attributes, or one twice: take it from a copy")
    rows: dict[str, dict[str, str]] = {}
    for number, (name, *values) in lines:
        if len(values) != len(names):
            raise UsageError(f"{file}, line {number}: {len(values)} values for {len(names)} attributes")
        if name in rows:
            raise UsageError(f"{file}, line {number}: {name} is listed before: take one of the two out")
        answers = [answer(value) for value in values]
        if None in answers:
            strange = values[answers.index(None)]
            raise UsageError(f"{file}, line {number}: {strange!r} is no yes or no: use {ACCEPTED}")
        rows[name] = dict(zip(names, (one or UNKNOWN for one in answers), strict=True))
    return _Listed(names, rows)


def _read_partition(file: Path, listed: _Listed) -> dict[str, str]:
    """Every listed photograph's split."""
    _, lines = _lines_of(file, headed=False)
    splits: dict[str, str] = {}
    for number, values in lines:
        if len(values) != 2 or values[1] not in _SPLITS:  # noqa: PLR2004 (a file and its part)
            raise UsageError(f"{file}, line {number}: a photograph and 0 (train), 1 (val) or 2 (test) are needed")
        splits[values[0]] = _SPLITS[values[1]]
    without = next((name for name in listed.rows if name not in splits), None)
    if without is not None:
        raise UsageError(f"{file} does not say where {without} belongs: take it from a copy, or move it away")
    return splits


def _lines_of(file: Path, *, headed: bool) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns behind the file, where the list has them, and the values of each line by number."""
    if file.suffix == ".csv":
        table = read_table(file)
        return list(table.columns[1:]), [(row.line, list(row.values.values())) for row in table.rows]
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{file} cannot be read: {why}") from error
    first = 2 if headed else 0
    values = [(number, line.split()) for number, line in enumerate(lines[first:], start=first + 1) if line.strip()]
    if headed:
        _check_count(file, lines[:first], len(values))
    return (lines[1].split() if headed else []), values


def _check_count(file: Path, head: Sequence[str], count: int) -> None:
    """The first line of the list says how many follow: a list cut short is noticed."""
    said = head[0].strip() if len(head) > 1 else ""
    if not said.isdecimal():
        raise UsageError(f"{file}: the first line has to be the number of photographs, the second the attributes")
    if int(said) != count:
        raise UsageError(f"{file} says {int(said):,} photographs and lists {count:,}: take it from a copy")


def _photographs(folder: Path) -> tuple[str, frozenset[str]]:
    """Where under `folder` the photographs lie, and their names."""
    for place in _PHOTOGRAPHS:
        try:
            with os.scandir(folder / place) as scan:
                names = frozenset(entry.name for entry in scan if is_image(entry.name))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise UsageError(f"{folder / place} cannot be read: {reason(error)}") from error
        if names:
            return place, names
    raise UsageError(f"{folder} has CelebA's lists and no photographs: put img_align_celeba beside them")
