"""Holding photographs out where the data does not: stratified, repeatable, written down."""

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mobilenets.data.naming import natural
from mobilenets.data.photos import SPLITS, Collection, Example
from mobilenets.data.table import Row, read_table
from mobilenets.data.wording import counted, listed
from mobilenets.errors import UsageError
from mobilenets.files import write_text_whole, write_whole
from mobilenets.settings import within

COLUMNS = ("file", "label", "split")
VEILED = ("sha256", "split")


def split_collection(collection: Collection, *, fraction: float, seed: int) -> Collection:
    """The collection with `fraction` of each label's photographs in val and the others in train.

    A label with two or more photographs has at least one in each; a single one goes to train. Which ones follows
    from the seed and their names alone: neither the order of files on disk nor other labels matter.
    A collection that comes with splits is returned as it is. Raises `UsageError` for a fraction outside (0, 1).
    """
    within("val-fraction", fraction, low=0.0, below=1.0, open_low=True)
    if collection.splits:
        return collection
    by_label: dict[str | None, list[Example]] = defaultdict(list)
    for example in collection.examples:
        by_label[example.label].append(example)
    held: set[str] = set()
    for examples in by_label.values():
        names = sorted((example.photo.name for example in examples), key=lambda name: lot(name, seed))
        held.update(names[: _share(len(names), fraction)])
    single = sorted((str(label) for label, examples in by_label.items() if len(examples) == 1), key=natural)
    of_what = f"{fraction:.0%} of each label" if collection.labels else f"{fraction:.0%}"
    notes = [
        f"no split in {collection.name}: {len(held):,} of {counted(len(collection.examples), 'photograph')} held out "
        f"as val ({of_what}, seed {seed})"
    ]
    if single:
        notes.append(f"{counted(len(single), 'label')} with one photograph, which is in train: {listed(single)}")
    return with_splits(collection, {example.photo.name: _side(example, held) for example in collection.examples}, notes)


def split_labels(collection: Collection, *, fraction: float, seed: int) -> Collection:
    """The collection with all photographs of some labels in val, about `fraction` of them, and the others in train.

    For what has to work on labels never seen: people. Each side has two labels at least, and two photographs of one of
    them. Which ones follows from the seed and the labels alone. A collection that comes with splits is returned as it
    is. Raises `UsageError` for a fraction outside (0, 1) and for too few labels.
    """
    within("val-fraction", fraction, low=0.0, below=1.0, open_low=True)
    if collection.splits:
        return collection
    counts = Counter(example.label or "" for example in collection.examples)
    held = _held_labels(counts, wanted=fraction * counts.total(), seed=seed)
    if not held:
        raise UsageError(
            f"{collection.name} has {counted(len(counts), 'label')} and {counted(_several(counts), 'label')} with two "
            "or more photographs: to learn from some and hold out others takes four, two of them with two"
        )
    examples = [one for one in collection.examples if (one.label or "") in held]
    note = (
        f"no split in {collection.name}: {counted(len(held), 'label')} with {counted(len(examples), 'photograph')} of "
        f"{len(collection.examples):,} held out as val (whole labels, seed {seed})"
    )
    names = {example.photo.name for example in examples}
    return with_splits(collection, {one.photo.name: _side(one, names) for one in collection.examples}, [note])


def _held_labels(counts: Counter[str], *, wanted: float, seed: int) -> set[str]:
    """The labels held out; empty where there are too few to divide."""
    # One that has several photographs first, so that each side has one.
    lots = sorted(counts, key=lambda label: lot(label, seed))
    several = [label for label in lots if counts[label] > 1]
    others = [label for label in lots if label not in several[:2]]
    if len(several) < 2 or len(others) < 2:  # noqa: PLR2004 (one of them on each side, and another beside it)
        return set()
    held = {several[0]}
    photographs = counts[several[0]]
    for label in others[:-1]:
        if len(held) > 1 and photographs + counts[label] / 2 > wanted:
            break
        held.add(label)
        photographs += counts[label]
    return held


def _several(counts: Counter[str]) -> int:
    return sum(count > 1 for count in counts.values())


def write_split(path: Path, collection: Collection) -> None:
    """Write file, label and split of every photograph as CSV.

    Beside the photographs it is a manifest of its own. Raises `JobError` where it cannot be written.
    """

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(COLUMNS)
            for example in collection.examples:
                writer.writerow((example.photo.name, example.label or "", example.split or ""))

    write_whole(path, write)


def veil_split(path: Path, veiled: Path) -> None:
    """Write a split down for strangers: a hash stands for each photograph's name and label.

    Who has the photographs finds each again with `read_split`; who has not can only guess names and try them. Raises
    `UsageError` for a `path` that is no split and `JobError` where `veiled` cannot be written.
    """
    rows = sorted((_veil(row.values["file"], row.values["label"]), row.values["split"]) for row in _rows(path, COLUMNS))
    lines = [VEILED, *rows]
    write_text_whole(veiled, "".join(f"{','.join(line)}\n" for line in lines))


def read_split(path: Path, collection: Collection) -> Collection:
    """The collection, which came without splits, split as `path` has it written down, by names or veiled.

    Raises `UsageError` where the two disagree on the photographs or their labels: they have changed since.
    """
    if set(VEILED) <= set(read_table(path, exact=True).columns):
        return _read_veiled(path, collection)
    written = {row.values["file"]: row for row in _rows(path, COLUMNS)}
    here = {example.photo.name: example.label or "" for example in collection.examples}
    changes = {
        "new": [name for name in here if name not in written],
        "gone": [name for name in written if name not in here],
        "labelled otherwise": [
            name for name in here if name in written and written[name].values["label"] != here[name]
        ],
    }
    for what, names in changes.items():
        if names:
            first = f" (the first: {min(names, key=natural)})"
            raise _changed(path, collection, f"{counted(len(names), 'photograph')} {what}{first}")
    return with_splits(collection, {name: row.values["split"] for name, row in written.items()}, [])


def _read_veiled(path: Path, collection: Collection) -> Collection:
    written = {row.values["sha256"]: row.values["split"] for row in _rows(path, VEILED)}
    here = {example.photo.name: _veil(example.photo.name, example.label or "") for example in collection.examples}
    new = [name for name, veil in here.items() if veil not in written]
    if new:
        words = f"{counted(len(new), 'photograph')} new or labelled otherwise (the first: {min(new, key=natural)})"
        raise _changed(path, collection, words)
    gone = len(written) - len(here)
    if gone:
        raise _changed(path, collection, f"{counted(gone, 'photograph')} gone")
    return with_splits(collection, {name: written[veil] for name, veil in here.items()}, [])


def _rows(path: Path, columns: tuple[str, ...]) -> tuple[Row, ...]:
    """The rows of a split; raises `UsageError` where a column is missing or a split is none."""
    table = read_table(path, exact=True)
    if not set(columns) <= set(table.columns):
        raise UsageError(f"{path} has the columns {', '.join(table.columns)}: needed are {', '.join(columns)}")
    strange = next((row for row in table.rows if row.values["split"] not in SPLITS), None)
    if strange is not None:
        raise UsageError(
            f"{path}, line {strange.line}: the split is {strange.values['split']!r}: use {', '.join(SPLITS)}"
        )
    return table.rows


def _changed(path: Path, collection: Collection, what: str) -> UsageError:
    remedy = "put them back as they were, or begin a new run"
    return UsageError(f"{collection.name} has changed since {path} was written: {what}; {remedy}")


def _veil(name: str, label: str) -> str:
    return hashlib.sha256(f"{name}\0{label}".encode(errors="surrogateescape")).hexdigest()


def with_splits(collection: Collection, splits: Mapping[str, str], notes: list[str]) -> Collection:
    """The collection with the split of each photograph's name, and further notes."""
    examples = (replace(example, split=splits[example.photo.name]) for example in collection.examples)
    return replace(collection, examples=tuple(examples), notes=(*collection.notes, *notes))


def _side(example: Example, held: set[str]) -> str:
    return "val" if example.photo.name in held else "train"


def _share(count: int, fraction: float) -> int:
    """How many of `count` photographs are held out: some and not all, but of a single one none."""
    return 0 if count == 1 else min(max(round(count * fraction), 1), count - 1)


def lot(name: str, seed: int) -> bytes:
    """Where a name stands in the order that a seed draws."""
    return hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogateescape")).digest()
