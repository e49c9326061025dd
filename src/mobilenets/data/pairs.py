"""Pairs of photographs to be compared, as Labeled Faces in the Wild lists them (`pairs.txt`).

The first line has the number of folds and of pairs of each kind a fold (`10  300`). Each fold then has as many lines
`NAME n m`, two photographs of one person, and as many `NAME n OTHER m`. `NAME n` is `NAME/NAME_000n.jpg`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mobilenets.data.photos import Collection, Example, Pair
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.files import reason

PAIRS = "pairs.txt"
_HEADER = re.compile(r"\s*([0-9]{1,6})\s+([0-9]{1,6})\s*")
_SAME = re.compile(r"\s*(?P<one>\S.*?)\s+(?P<n>[0-9]{1,6})\s+(?P<m>[0-9]{1,6})\s*")
_DIFFERENT = re.compile(r"\s*(?P<one>\S.*?)\s+(?P<n>[0-9]{1,6})\s+(?P<other>\S.*?)\s+(?P<m>[0-9]{1,6})\s*")


def with_pairs(collection: Collection, file: Path) -> Collection:
    """The collection with the pairs of a file, whose photographs it has to hold.

    Raises `UsageError` that names the line where the file is not as LFW's, and where it names photographs or people
    that are not there.
    """
    listed = _read(file)
    here = {_key(example): example.photo.name for example in collection.examples}
    missing = [key for one in listed for key in (one.first, one.second) if key not in here]
    if missing:
        raise UsageError(
            f"{file} names {counted(len(set(missing)), 'photograph')} that {collection.name} lacks (the first: "
            f"{missing[0]}): put them there, or give the folder that the file is for"
        )
    pairs = (replace(one, first=here[one.first], second=here[one.second]) for one in listed)
    return replace(collection, pairs=tuple(pairs))


def only_paired(collection: Collection) -> Collection:
    """The photographs that some pair names, and no others."""
    named = {name for pair in collection.pairs for name in (pair.first, pair.second)}
    return replace(collection, examples=tuple(one for one in collection.examples if one.photo.name in named))


def _key(example: Example) -> str:
    """As a line of the file names it: the person and the name of the file without its ending."""
    return f"{example.label}/{example.photo.name.rpartition('/')[2].rpartition('.')[0]}"


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines behind the header, one of which is read as a pair."""

    file: Path
    folds: int
    each: int
    lines: Sequence[str]

    def __iter__(self) -> Iterator[Pair]:
        for place, line in enumerate(self.lines):
            fold, within = divmod(place, 2 * self.each)
            yield self._pair(line, place=place, fold=fold, same=within < self.each)

    def _pair(self, line: str, *, place: int, fold: int, same: bool) -> Pair:
        found = (_SAME if same else _DIFFERENT).fullmatch(line)
        if found is None:
            wanted = "NAME n m, two photographs of one person" if same else "NAME n OTHER m, photographs of two people"
            raise UsageError(f"{self.file}, line {place + 2}: {line[:60]!r} is not {wanted}")
        one, other = found["one"], found["one"] if same else found["other"]
        if not same and one == other:
            raise UsageError(f"{self.file}, line {place + 2}: {one} twice where two people are wanted")
        return Pair(f"{one}/{one}_{int(found['n']):04}", f"{other}/{other}_{int(found['m']):04}", same, fold)


def _read(file: Path) -> list[Pair]:
    try:
        lines = file.read_text(encoding="utf-8-sig").rstrip().splitlines()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no list of pairs: it is not UTF-8 text") from error
    header = _HEADER.fullmatch(lines[0]) if lines else None
    if header is None or min(int(header[1]) - 1, int(header[2])) < 1:
        raise UsageError(f"{file} is no list of pairs as LFW's: its first line has to be `10 300`, folds and pairs")
    folds, each = int(header[1]), int(header[2])
    if len(lines) - 1 != 2 * folds * each:
        raise UsageError(
            f"{file}: {folds} folds of {each} pairs of each kind are {2 * folds * each:,} lines behind the first, and "
            f"there are {len(lines) - 1:,}"
        )
    return list(_Lines(file, folds, each, lines[1:]))
