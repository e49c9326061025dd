"""A table that lists photographs and what is known of them: CSV, TSV or semicolons, with a header."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mobilenets.data.audit import check_bad, need_two_labels
from mobilenets.data.naming import natural, split_name
from mobilenets.data.photos import Collection, Example, FilePhoto
from mobilenets.data.table import Row, Table, read_table
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError

FILE_COLUMNS = ("file", "path", "image", "filename")
LABEL_COLUMNS = ("label", "class", "category")
SPLIT_COLUMN = "split"
_IMAGES = "images"


def read_manifest(manifest: Path, *, needs: Sequence[str] = ("label",), strict: bool = False) -> Collection:
    """The photographs a table lists; files are relative to the table's folder or to `images/` in it.

    Columns, in any case and order: one of `FILE_COLUMNS`, one of `LABEL_COLUMNS`, perhaps `split`. All others go to
    `Example.fields` under their names in small letters. `needs` names the columns that must be there besides the
    file: "label" for any of `LABEL_COLUMNS`, another task's own by their names.
    Missing files are named, counted and left out; so are rows without a label where it is needed.
    Raises `UsageError` for a table that cannot be understood or has one label only, and `JobError` where more than
    1 % of the files are missing (any at all under `strict`).
    """
    reading = _Reading(manifest, _columns(read_table(manifest), manifest, needs))
    for row in reading.columns.table.rows:
        reading.add(row)
    missing = dict.fromkeys(reading.missing, "missing")
    lost = check_bad(missing, len(reading.found) + len(missing), strict=strict)
    examples = _one_split(sorted(reading.found.values(), key=_order), manifest)
    if reading.columns.label_needed:
        need_two_labels((example.label for example in examples), where=str(manifest))
    elif not examples:
        raise UsageError(f"{manifest} lists no photographs: one row each is needed")
    notes = (*reading.notes(), *([lost] if lost else []))
    return Collection(name=manifest.stem, examples=examples, notes=notes, bad=missing)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column is what."""

    table: Table
    file: str
    label: str | None
    label_needed: bool
    others: tuple[str, ...]


def _columns(table: Table, manifest: Path, needs: Sequence[str]) -> _Columns:
    file = next((name for name in FILE_COLUMNS if name in table.columns), None)
    label = next((name for name in LABEL_COLUMNS if name in table.columns), None)
    missing = [name for name in needs if name not in table.columns and not (name == "label" and label)]
    if file is None or missing:
        wanted = [" or ".join(LABEL_COLUMNS) if name == "label" else name for name in needs]
        raise UsageError(
            f"{manifest} has the columns {', '.join(table.columns)}: needed are "
            f"{'; '.join([' or '.join(FILE_COLUMNS), *wanted])}"
        )
    others = tuple(name for name in table.columns if name not in (file, label, SPLIT_COLUMN))
    return _Columns(table, file, label, "label" in needs, others)


@dataclass(slots=True)
class _Reading:
    """What the rows gave so far."""

    manifest: Path
    columns: _Columns
    found: dict[tuple[str, str | None], Example] = field(default_factory=dict)
    first_lines: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str | None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        name = row.values[self.columns.file]
        label = row.values[self.columns.label] or None if self.columns.label else None
        split = self._split(row)
        if not name:
            raise UsageError(f"{self.manifest}, line {row.line}: names no file")
        if label is None and self.columns.label_needed:
            self.counts["unlabelled"] += 1
            return
        self._check_contradiction(name, label, row)
        fields = {column: row.values[column] for column in self.columns.others}
        before = self.found.get((name, split))
        if before is not None:
            self.counts["repeated" if before.fields == fields else "other"] += 1
            return
        photo = self._photo(name)
        if photo is None:
            self.missing[name] = None
            return
        self.found[name, split] = Example(photo, label, split, fields)

    def _split(self, row: Row) -> str | None:
        written = row.values.get(SPLIT_COLUMN, "")
        split = split_name(written)
        if written and split is None:
            raise UsageError(f"{self.manifest}, line {row.line}: the split {written!r} is none of train, val and test")
        return split

    def _check_contradiction(self, name: str, label: str | None, row: Row) -> None:
        line = self.first_lines.setdefault(name, row.line)
        before = self.labels.setdefault(name, label)
        if before != label:
            raise UsageError(
                f"{self.manifest}: {name} is {before!r} on line {line} and {label!r} on line {row.line}: "
                f"a photograph has one label"
            )

    def _photo(self, name: str) -> FilePhoto | None:
        """The file where it is; as written, or with `\\` read as `/`."""
        for written in dict.fromkeys((name, name.replace("\\", "/"))):
            for folder in (self.manifest.parent, self.manifest.parent / _IMAGES):
                if (folder / written).is_file():
                    self.counts[_IMAGES] += folder.name == _IMAGES and folder != self.manifest.parent
                    return FilePhoto(written, folder)
        return None

    def notes(self) -> list[str]:
        """What must be said about the rows."""
        folder = self.manifest.parent / _IMAGES
        said = {
            _IMAGES: f"{counted(self.counts[_IMAGES], 'photograph')} found in {folder}",
            "repeated": f"{counted(self.counts['repeated'], 'row')} left out: the photograph is listed before",
            "other": f"{counted(self.counts['other'], 'row')} left out: listed before with other values",
            "unlabelled": f"{counted(self.counts['unlabelled'], 'row')} left out: no label",
        }
        return [note for key, note in said.items() if self.counts[key]]


def _order(example: Example) -> tuple[object, str]:
    return natural(example.photo.name), example.split or ""


def _one_split(examples: list[Example], manifest: Path) -> tuple[Example, ...]:
    """All photographs have a split or none has; train alone is no split."""
    splits = Counter(example.split for example in examples)
    if splits[None] and len(splits) > 1:
        without = next(example for example in examples if example.split is None)
        raise UsageError(
            f"{manifest}: {splits[None]:,} of {len(examples):,} photographs have no split (the first: "
            f"{without.photo.name}): give all of them one, or none"
        )
    if set(splits) == {"train"}:
        return tuple(Example(one.photo, one.label, None, one.fields) for one in examples)
    return tuple(examples)
