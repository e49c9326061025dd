"""Which class each of ILSVRC's validation photographs is, from any of the files that say so."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobilenets.data.imagenet_names import wnids
from mobilenets.data.manifest import FILE_COLUMNS, LABEL_COLUMNS
from mobilenets.data.table import read_table
from mobilenets.errors import UsageError
from mobilenets.files import reason

_NAME = re.compile(r"ILSVRC20\d\d_val_(\d{8})", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,4}")
_WNID_COLUMNS = ("wnid", "synset", "wordnet_id")
_CLASSES = 1000
_META = "meta.mat"
# Far more than any of these files has.
_MOST_BYTES, _MOST_META_BYTES = 1 << 26, 1 << 20


@dataclass(frozen=True, slots=True)
class Labels:
    """The wnid of each photograph by the photograph's number, the file they are from, and how it was read."""

    file: Path
    wnids: Mapping[int, str]
    how: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one line says of one photograph."""

    line: int
    number: int
    value: str


def number_of(name: str) -> int | None:
    """The number of an ILSVRC photograph from its file's name, with or without folder and ending."""
    match = _NAME.match(name.replace("\\", "/").rpartition("/")[2])
    return int(match[1]) if match else None


def read_labels(folders: Sequence[Path]) -> Labels | None:
    """The labels in the first file of `KNOWN` that lies in one of `folders`; files that name wnids come first.

    Raises `UsageError` for a file that is damaged, contradicts itself or does not say what its numbers mean.
    """
    for name, read in _READERS.items():
        for folder in folders:
            file = folder / name
            try:
                there = file.is_file()
            except OSError as error:
                raise UsageError(f"{file} cannot be read: {reason(error)}") from error
            if there:
                return read(file)
    return None


def _kaggle(file: Path) -> Labels:
    """`ILSVRC2012_val_00048981,n03995372 85 1 499 272`: a wnid, then boxes."""
    entries = _column(file, ("imageid",), ("predictionstring",))
    return _by_wnid(file, [_Entry(one.line, one.number, one.value.split(" ")[0]) for one in entries])


def _synsets(file: Path) -> Labels:
    """A wnid a line, in the order of the photographs' numbers."""
    return _by_wnid(file, _numbered_lines(file))


def _table(file: Path) -> Labels:
    """A header with a file and a wnid or a number."""
    columns = read_table(file).columns
    if any(name in columns for name in _WNID_COLUMNS):
        return _by_wnid(file, _column(file, FILE_COLUMNS, _WNID_COLUMNS))
    return _by_output(file, _column(file, FILE_COLUMNS, LABEL_COLUMNS))


def _caffe(file: Path) -> Labels:
    """`ILSVRC2012_val_00000001.JPEG 65`: a file and a number."""
    entries = []
    for line, text in enumerate(_lines(file), start=1):
        name, _, value = text.rpartition(" ")
        entries.append(_entry(file, line, name, value))
    return _by_output(file, entries)


def _devkit(file: Path) -> Labels:
    """A number a line, in the order of the photographs; `meta.mat` beside says which class each number is.

    The devkit counts from 1 in an order of its own (`ILSVRC2012_ID`), which is not that of the wnids.
    """
    meaning = _meta(file.with_name(_META), file)
    entries = _numbered_lines(file)
    known = {one.number: meaning.get(one.value) for one in entries}
    wrong = next((one for one in entries if known[one.number] is None), None)
    if wrong is not None:
        raise UsageError(f"{file}, line {wrong.line}: {wrong.value!r} is no class of {_META}: numbers 1 to {_CLASSES}")
    return Labels(file, {number: wnid for number, wnid in known.items() if wnid}, f"numbers of {_META}")


def _meta(file: Path, asking: Path) -> dict[str, str]:
    """The wnid of each of the devkit's own numbers."""
    from scipy.io import loadmat

    try:
        if not file.is_file():
            raise UsageError(
                f"{asking} numbers the classes in the devkit's own order: put the devkit's {_META} beside it"
            )
        if file.stat().st_size > _MOST_META_BYTES:
            raise UsageError(f"{file} has over {_MOST_META_BYTES:,} bytes: it is not the devkit's")
        synsets: Any = loadmat(file, squeeze_me=True)["synsets"]
        rows = zip(synsets["ILSVRC2012_ID"].tolist(), synsets["WNID"].tolist(), strict=True)
        found = {str(int(number)): str(wnid) for number, wnid in rows if int(number) <= _CLASSES}
    except UsageError:
        raise
    except Exception as error:  # what scipy raises on a damaged file is no closed list
        why = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"{file} is no {_META} of the devkit, or a damaged one ({why}): unpack it again") from error
    if sorted(found.values()) != list(wnids()):
        raise UsageError(f"{file} does not list the {_CLASSES} classes of ILSVRC-2012: it is another year's devkit")
    return found


def _column(file: Path, keys: Sequence[str], values: Sequence[str]) -> list[_Entry]:
    """Two columns of a table, under any of their usual names."""
    table = read_table(file)
    key = next((name for name in keys if name in table.columns), None)
    value = next((name for name in values if name in table.columns), None)
    if key is None or value is None:
        raise UsageError(
            f"{file} has the columns {', '.join(table.columns)}: needed are "
            f"{' or '.join(keys)}; {' or '.join(dict.fromkeys((*values, *_WNID_COLUMNS)))}"
        )
    return [_entry(file, row.line, row.values[key], row.values[value]) for row in table.rows]


def _entry(file: Path, line: int, name: str, value: str) -> _Entry:
    number = number_of(name)
    if number is None:
        raise UsageError(f"{file}, line {line}: {name!r} is no ILSVRC photograph (ILSVRC2012_val_00000001.JPEG)")
    return _Entry(line, number, value)


def _numbered_lines(file: Path) -> list[_Entry]:
    return [_Entry(line, line, text) for line, text in enumerate(_lines(file), start=1)]


def _lines(file: Path) -> list[str]:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{file} has over {_MOST_BYTES:,} bytes: it is no list of ILSVRC's labels")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no text: {error.reason} at byte {error.start}") from error
    return [line.replace("\t", " ").strip() for line in text.rstrip().splitlines()]


def _by_wnid(file: Path, entries: Iterable[_Entry]) -> Labels:
    known = set(wnids())
    found: dict[int, str] = {}
    for one in entries:
        if one.value not in known:
            raise UsageError(f"{file}, line {one.line}: {one.value!r} is no class of ILSVRC-2012 (as n01440764)")
        if found.setdefault(one.number, one.value) != one.value:
            raise UsageError(f"{file}, line {one.line}: the photograph {one.number} is of two classes")
    return Labels(file, found, "wnids")


def _by_output(file: Path, entries: Sequence[_Entry]) -> Labels:
    """Numbers in the order of a network's outputs, which is that of the wnids, from 0 or from 1."""
    if not entries:
        raise UsageError(f"{file} lists no photographs: one line each is needed")
    for one in entries:
        if not (_NUMBER.fullmatch(one.value) and int(one.value) <= _CLASSES):
            raise UsageError(f"{file}, line {one.line}: {one.value!r} is no number of a class (0 to {_CLASSES})")
    numbers = {int(one.value) for one in entries}
    if 0 in numbers and _CLASSES in numbers:
        raise UsageError(
            f"{file} has labels from 0 to {_CLASSES}, one more than there are classes: give a file of wnids"
        )
    if 0 not in numbers and _CLASSES not in numbers:
        raise UsageError(
            f"{file} has labels from {min(numbers)} to {max(numbers)}: whether they begin at 0 or 1 is not to be seen; "
            f"give a file of wnids ({_KAGGLE}, or a column wnid in {_TABLE})"
        )
    first = 0 if 0 in numbers else 1
    named = [_Entry(one.line, one.number, wnids()[int(one.value) - first]) for one in entries]
    return Labels(file, _by_wnid(file, named).wnids, f"numbers from {first}")


_KAGGLE, _TABLE = "LOC_val_solution.csv", "labels.csv"
_TRUTH = "ILSVRC2012_validation_ground_truth.txt"
_READERS: dict[str, Callable[[Path], Labels]] = {
    _KAGGLE: _kaggle,
    "imagenet_2012_validation_synset_labels.txt": _synsets,
    _TABLE: _table,
    f"ILSVRC2012_devkit_t12/data/{_TRUTH}": _devkit,
    f"data/{_TRUTH}": _devkit,
    _TRUTH: _devkit,
    "val.txt": _caffe,
    "caffe_ilsvrc12/val.txt": _caffe,
}
KNOWN = (
    _KAGGLE,
    "imagenet_2012_validation_synset_labels.txt",
    f"{_TABLE} (file,wnid)",
    f"{_TRUTH} with {_META}",
    "val.txt",
)
"""The files that are understood, for people."""
