"""One COCO JSON file: read, and its parts checked for what they have to be."""

import contextlib
import gc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mobilenets.data.detection.tree import Tree
from mobilenets.errors import UsageError

IMAGES, ANNOTATIONS, CATEGORIES = "images", "annotations", "categories"
_PARTS = (IMAGES, ANNOTATIONS, CATEGORIES)


@dataclass(frozen=True, slots=True)
class CocoFile:
    """What a COCO file says: lists of objects, each with whatever keys it has."""

    where: str
    images: Sequence[Mapping[str, Any]]
    annotations: Sequence[Mapping[str, Any]]
    categories: Sequence[Mapping[str, Any]]


def load(tree: Tree, name: str) -> Any:
    """The content of a JSON file; raises `UsageError` with the line where it is damaged."""
    where = f"{tree.where}/{name}"
    try:
        with _without_collector():
            return json.loads(tree.read(name))
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}, line {error.lineno}: damaged JSON ({error.msg}): take it from a copy") from error
    except RecursionError as error:
        raise UsageError(f"{where}: nested too deep for annotations: take it from a copy") from error
    except ValueError as error:  # no text in any of JSON's encodings, or a number of thousands of digits
        raise UsageError(f"{where}: damaged JSON ({error}): take it from a copy") from error


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Python's collector looks through the millions of lists again and again while they are made: half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def is_coco(data: bytes) -> bool:
    """Whether a JSON file, damaged or not, names the lists that COCO's annotations have; it need not be parsed."""
    return all(f'"{part}"'.encode() in data for part in _PARTS)


def coco_file(content: Any, where: str) -> CocoFile:
    """The parts of a COCO file; raises `UsageError` where one is missing or not a list of objects."""
    if not isinstance(content, dict):
        raise UsageError(f"{where} is no COCO file: it has to be an object with the lists {', '.join(_PARTS)}")
    for part in _PARTS:
        if not isinstance(content.get(part), list):
            raise UsageError(f"{where} has no list {part!r}: COCO's boxes need {', '.join(_PARTS)}")
        strange = next((place for place, one in enumerate(content[part]) if not isinstance(one, dict)), None)
        if strange is not None:
            raise UsageError(f"{where}: {part}[{strange}] is no object: take the file from a copy")
    return CocoFile(where, *(content[part] for part in _PARTS))


def whole_number(value: Any) -> int | None:
    """A whole number however JSON wrote it (3 or 3.0), within 63 bits; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    good = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63
    return value if good else None


def column(
    file: CocoFile, work: Callable[[Mapping[str, Any]], Any], needed: str, *, rows: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """A value of each annotation; raises `UsageError` that names the first whose value makes no sense."""
    try:
        return [work(row) for row in rows]
    except (TypeError, ValueError, OverflowError, LookupError):
        for place, row in enumerate(rows):
            try:
                work(row)
            except (TypeError, ValueError, OverflowError, LookupError) as error:
                named = f"annotation {place}" + (f" (id {row['id']!r})" if "id" in row else "")
                raise UsageError(f"{file.where}: {named} has {needed}: repair it or take it out") from error
        raise
