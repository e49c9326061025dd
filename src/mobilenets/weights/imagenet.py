"""What the outputs of a network are called: as its file says, or as the classes of ILSVRC-2012, or by number."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mobilenets.data.imagenet_names import names
from mobilenets.errors import UsageError
from mobilenets.files import reason

BACKGROUND = "background"
_MOST = 1 << 24


def class_names(outputs: int) -> tuple[str, ...]:
    """The names of 1000 outputs are those of ILSVRC-2012, of 1001 the same behind background; others are numbered."""
    if outputs == len(names()):
        return names()
    if outputs == len(names()) + 1:
        return (BACKGROUND, *names())
    return tuple(f"class_{place}" for place in range(outputs))


def read_class_names(file: Path, *, outputs: int) -> tuple[str, ...]:
    """The names in a text file, one a line in the order of the outputs; empty lines at its end do not count.

    Raises `UsageError` where they are not as many as the outputs, or the file cannot be read.
    """
    return told_apart(read_lines(file, outputs=outputs))


def read_lines(file: Path, *, outputs: int, more: int = 0) -> list[str]:
    """The lines of a text file, one for each output and at most `more`; raises `UsageError` as `read_class_names`."""
    try:
        if file.stat().st_size > _MOST:
            raise UsageError(f"{file} has {file.stat().st_size:,} bytes: names of classes are at most {_MOST:,}")
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").rstrip().splitlines()]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no text in UTF-8 ({error.reason}): give names of classes, one a line") from error
    if not outputs <= len(lines) <= outputs + more:
        raise UsageError(f"{file} has {len(lines):,} names and the network {outputs:,} outputs: give one name a line")
    empty = next((place for place, line in enumerate(lines, start=1) if not line), None)
    if empty is not None:
        raise UsageError(f"{file}: line {empty} is empty: give one name a line")
    return lines


def told_apart(classes: Sequence[str]) -> tuple[str, ...]:
    """The same names, where several outputs share one with the number of the output behind it: `crane (134)`."""
    often, taken = Counter(classes), set(classes)
    apart = []
    for place, name in enumerate(classes):
        new = name if often[name] == 1 else f"{name} ({place})"
        while often[name] > 1 and new in taken:
            new += "'"
        taken.add(new)
        apart.append(new)
    return tuple(apart)
