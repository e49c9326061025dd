"""What a detector's outputs are called: as its list says, or as COCO's categories, or by number.

A published detector has an output for each of COCO's numbers, also for those that no category has: it never learnt
them, and they are called by their number.
"""

from collections.abc import Sequence
from pathlib import Path

from mobilenets.data.coco_names import categories
from mobilenets.weights.imagenet import read_lines, told_apart

# What lists write where a number has no category.
_GAPS = ("???", "N/A")


def detector_names(outputs: int) -> tuple[str, ...]:
    """The names of 90 outputs are COCO's by their numbers, of 80 the same without gaps; others are numbered from 1."""
    known = categories()
    if outputs == len(known):
        return tuple(known.values())
    by_number = known if outputs == max(known) else {}
    return tuple(by_number.get(number, _numbered(number)) for number in range(1, outputs + 1))


def detector_numbers(outputs: int) -> tuple[int, ...]:
    """The numbers of 80 outputs are those of COCO's categories; others are counted from 1, as COCO's 90 are."""
    known = categories()
    return tuple(known) if outputs == len(known) else tuple(range(1, outputs + 1))


def read_detector_names(file: Path, *, outputs: int) -> tuple[str, ...]:
    """The names in a text file, one a line in the order of the outputs, a line for the background before them or not.

    Raises `UsageError` where they are not as many, or the file cannot be read.
    """
    return as_detector_names(read_lines(file, outputs=outputs, more=1), outputs=outputs)


def as_detector_names(lines: Sequence[str], *, outputs: int) -> tuple[str, ...]:
    """The lines of a list as the names of so many outputs: without the background, which may stand first, and gaps."""
    names = lines[len(lines) - outputs :]
    return told_apart([_numbered(place) if name in _GAPS else name for place, name in enumerate(names, start=1)])


def _numbered(number: int) -> str:
    return f"number {number}"
