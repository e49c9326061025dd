"""From boxes as they are written to a collection: sizes checked, boxes turned and clipped, what cannot be used told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.audit import check_bad
from mobilenets.data.detection.drawn import Drawn, Listed
from mobilenets.data.detection.headers import Header, headers
from mobilenets.data.detection.mending import mended, turned
from mobilenets.data.detection.objects import Objects
from mobilenets.data.detection.tally import Tally
from mobilenets.data.naming import natural
from mobilenets.data.photos import Collection, Example
from mobilenets.errors import UsageError

Size = tuple[int, int]


def assemble(
    name: str,
    listed: Sequence[Listed],
    drawn: Drawn,
    categories: Mapping[int, str],
    tally: Tally,
    *,
    shares: bool = False,
) -> Collection:
    """The collection of photographs and their boxes, in natural order of names.

    Boxes are in pixels of the size that the source states, else of the upright photograph; with `shares` in shares of
    its width and height. What counts is the photograph as `decode` gives it: boxes drawn on it as stored, before EXIF
    turned it, are turned too. Raises `JobError` where over 1 % of the photographs cannot be used, `UsageError` where
    there is none or only some have a split.
    """
    if not listed:
        raise UsageError(f"{name} has annotations and lists no photograph: one at least is needed")
    seen = _look(listed, headers([one.photo for one in listed]), tally)
    lost = check_bad(seen.bad, len(listed))
    if shares:
        drawn = _in_pixels(drawn, seen.upright)
    boxes = turned(drawn.boxes, seen.orientations[drawn.owners], seen.stored[drawn.owners])
    names = [one.photo.name for one in listed]
    kept = Drawn(drawn.owners, boxes, drawn.kinds, drawn.crowd, drawn.difficult, drawn.areas)
    kept = mended(kept.where(seen.usable[drawn.owners]), seen.upright, tally, names=names)
    examples = _examples(listed, kept, categories, seen)
    _tell(examples, kept, categories, tally)
    notes = (*tally.notes(), *([lost] if lost else []))
    return Collection(
        name=name, examples=_one_split(examples, name), notes=notes, bad=seen.bad, categories=dict(categories)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the headers of n photographs say.

    `stored` and `upright` (n, 2) are heights and widths, 0 where unusable; `orientations` (n,) are EXIF's where the
    boxes have to be turned and 1 elsewhere.
    """

    stored: NDArray[np.int64]
    upright: NDArray[np.int64]
    orientations: NDArray[np.int64]
    usable: NDArray[np.bool_]
    bad: dict[str, str]


def _look(listed: Sequence[Listed], found: Sequence[Header | str], tally: Tally) -> _Seen:
    bad: dict[str, str] = {}
    rows: list[tuple[Size, Size, int]] = []
    for one, header in zip(listed, found, strict=True):
        verdict = header if isinstance(header, str) else _mismatch(one, header)
        if isinstance(header, str) or verdict:
            bad[one.photo.name] = str(verdict)
            rows.append(((0, 0), (0, 0), 1))
            continue
        rows.append((header.stored, header.upright, _turn(one, header, tally)))
    stored, upright, orientations = zip(*rows, strict=True)
    usable = np.array([one.photo.name not in bad for one in listed], dtype=np.bool_)
    return _Seen(np.array(stored), np.array(upright), np.array(orientations), usable, bad)


def _mismatch(one: Listed, header: Header) -> str:
    """Why the boxes of a photograph cannot be placed: they were drawn on one of another size."""
    if one.size is None or one.size in (header.stored, header.upright):
        return ""
    (height, width), (stored_height, stored_width) = one.size, header.upright
    return f"annotated at {width} x {height} pixels, the file has {stored_width} x {stored_height}"


def _turn(one: Listed, header: Header, tally: Tally) -> int:
    """The EXIF orientation by which the boxes are turned; 1 where they stay."""
    if one.size is None or header.orientation == 1:
        return 1
    if header.stored == header.upright:
        tally.add("ambiguous turn", first=one.photo.name)
        return 1
    if one.size == header.upright:
        return 1
    tally.add("turned", first=one.photo.name)
    return header.orientation


def _in_pixels(drawn: Drawn, upright: NDArray[np.int64]) -> Drawn:
    sides = upright[drawn.owners][:, [1, 0, 1, 0]]
    return Drawn(drawn.owners, drawn.boxes * sides, drawn.kinds, drawn.crowd, drawn.difficult, drawn.areas)


def _examples(
    listed: Sequence[Listed], drawn: Drawn, categories: Mapping[int, str], seen: _Seen
) -> tuple[Example, ...]:
    order = np.argsort(drawn.owners, kind="stable")
    drawn = drawn.where(order)
    ends = np.searchsorted(drawn.owners, np.arange(len(listed) + 1))
    labels = [categories[kind] for kind in drawn.kinds.tolist()]
    sizes = seen.upright.tolist()
    examples = []
    for place, one in enumerate(listed):
        if seen.usable[place]:
            part = slice(int(ends[place]), int(ends[place + 1]))
            objects = Objects(
                size=(sizes[place][0], sizes[place][1]),
                boxes=drawn.boxes[part],
                labels=tuple(labels[part]),
                crowd=drawn.crowd[part],
                difficult=drawn.difficult[part],
                areas=drawn.areas[part],
            )
            examples.append(Example(one.photo, split=one.split, objects=objects))
    return tuple(sorted(examples, key=lambda example: natural(example.photo.name)))


def _tell(examples: Sequence[Example], drawn: Drawn, categories: Mapping[int, str], tally: Tally) -> None:
    empty = [one.photo.name for one in examples if not one.objects]
    tally.add("negatives", len(empty) - tally.counts["nothing said"], first=empty[0] if empty else "")
    tally.add("crowd", int(drawn.crowd.sum()))
    tally.add("difficult", int(drawn.difficult.sum()))
    used = set(np.unique(drawn.kinds).tolist())
    unused = [name for number, name in categories.items() if number not in used]
    tally.add("unused", len(unused), first=unused[0] if unused else "")


def _one_split(examples: Sequence[Example], name: str) -> tuple[Example, ...]:
    """All photographs have a split or none has; train alone is no split."""
    splits = {example.split for example in examples}
    if None in splits and len(splits) > 1:
        first = next(example.photo.name for example in examples if example.split is None)
        raise UsageError(f"{name}: some photographs have no split (the first: {first}): give all of them one, or none")
    if splits == {"train"}:
        return tuple(Example(one.photo, objects=one.objects) for one in examples)
    return tuple(examples)
