"""`mobilenets.annotations`: what a source of photographs with boxes holds, and the same in another layout."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from mobilenets.data.detection.opening import Layout, opened_detection
from mobilenets.data.detection.writing import Written, check_out, write_detection
from mobilenets.data.photos import Collection, Example
from mobilenets.errors import UsageError

UNDIVIDED = "all"
# COCO's: areas under 32 x 32 pixels are small, from 96 x 96 large.
_MEDIUM, _LARGE = 32.0**2, 96.0**2


@dataclass(frozen=True, slots=True)
class Part:
    """Photographs of one split and their boxes.

    `empty` are photographs without boxes. `crowd` and `difficult` count among the `boxes`; `small`, `medium` and
    `large`, by COCO's areas, are those that are no crowds.
    """

    photographs: int
    empty: int
    boxes: int
    crowd: int
    difficult: int
    small: int
    medium: int
    large: int


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of thing: the source's number and name for it, its boxes and the photographs with any, by split."""

    number: int
    name: str
    boxes: dict[str, int]
    photographs: dict[str, int]


@dataclass(frozen=True, slots=True)
class AnnotationsReport:
    """What a source holds, by split ("all" where nothing is split), and what was written of it, if asked for."""

    source: str
    layout: Layout
    parts: dict[str, Part]
    categories: tuple[Category, ...]
    notes: tuple[str, ...]
    written: Written | None


def annotations(
    source: str | Path,
    *,
    to: Layout | None = None,
    out: str | Path | None = None,
    copy: bool = False,
    overwrite: bool = False,
) -> AnnotationsReport:
    """Count the photographs and boxes of a source, and with `to` and `out` write them in another layout.

    `source` is what `open_detection` takes: COCO, Pascal VOC or YOLO, recognised by itself. The folder `out` is written
    whole or not at all; photographs are hard-linked where that can be, and copied with `copy`. `overwrite` lets what
    such a layout left in `out` go. Raises `UsageError` for a source that cannot be understood and an `out` that holds
    something else, `JobError` where over 1 % of the photographs cannot be used or nothing can be written.
    """
    _check(to, out, overwrite=overwrite)
    opened = opened_detection(str(source))
    collection = opened.collection
    parts = {split or UNDIVIDED: collection.part(split) for split in collection.splits or (None,)}
    written = None
    if to is not None and out is not None:
        written = write_detection(collection, out, layout=to, copy=copy, overwrite=overwrite)
    return AnnotationsReport(
        source=str(source),
        layout=opened.layout,
        parts={name: _part(examples) for name, examples in parts.items()},
        categories=_categories(collection, parts),
        notes=collection.notes,
        written=written,
    )


def _check(to: Layout | None, out: str | Path | None, *, overwrite: bool) -> None:
    if to is not None and to not in get_args(Layout):
        raise UsageError(f"to {to!r} is unknown: use one of {', '.join(get_args(Layout))}")
    if to is not None and out is None:
        raise UsageError(f"--to {to} writes a folder: name it with --out")
    if out is not None and to is None:
        raise UsageError(f"--out {out} needs a layout: add --to {'|'.join(get_args(Layout))}")
    if out is not None:
        check_out(Path(out), overwrite=overwrite)


def _part(examples: Sequence[Example]) -> Part:
    objects = [one.objects for one in examples if one.objects is not None]
    crowd = np.concatenate([one.crowd for one in objects])
    areas = np.concatenate([one.areas for one in objects])[~crowd]
    small, large = int((areas < _MEDIUM).sum()), int((areas >= _LARGE).sum())
    return Part(
        photographs=len(examples),
        empty=sum(not len(one) for one in objects),
        boxes=len(crowd),
        crowd=int(crowd.sum()),
        difficult=sum(int(one.difficult.sum()) for one in objects),
        small=small,
        medium=len(areas) - small - large,
        large=large,
    )


def _categories(collection: Collection, parts: dict[str, tuple[Example, ...]]) -> tuple[Category, ...]:
    boxes: dict[str, Counter[str]] = {name: Counter() for name in parts}
    photographs: dict[str, Counter[str]] = {name: Counter() for name in parts}
    for name, examples in parts.items():
        for one in examples:
            labels = one.objects.labels if one.objects is not None else ()
            boxes[name].update(labels)
            photographs[name].update(set(labels))
    return tuple(
        Category(
            number=number,
            name=label,
            boxes={name: boxes[name][label] for name in parts},
            photographs={name: photographs[name][label] for name in parts},
        )
        for number, label in collection.categories.items()
    )
