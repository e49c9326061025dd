"""The detections and the objects of many photographs as columns: the form in which they are compared."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.objects import Objects
from mobilenets.tasks.detect.answers import Detections

_T = TypeVar("_T", bound=np.generic)

# Further out than this nothing changes but the area, and COCO does not count as wrong what is above 1e10 square pixels.
_FURTHEST = (-10.0, 11.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Rows of any photographs: `photos` (n,) says whose, `kinds` (n,) are places in the labels, `boxes` (n, 4) pixels.

    Boxes are left, top, right, bottom.
    """

    photos: NDArray[np.int64]
    kinds: NDArray[np.int64]
    boxes: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.photos)

    def groups(self, classes: int) -> NDArray[np.int64]:
        """(n,) a number for each pair of photograph and class."""
        return self.photos * classes + self.kinds

    def take(self, rows: NDArray[np.bool_]) -> Self:
        """Only the rows (n,) that are true."""
        return type(self)(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


@dataclass(frozen=True, slots=True, eq=False)
class Found(_Columns):
    """What was found, with `scores` (n,)."""

    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Truth(_Columns):
    """What is there: `crowd`, `difficult` and `areas` (n,) as in `Objects`."""

    crowd: NDArray[np.bool_]
    difficult: NDArray[np.bool_]
    areas: NDArray[np.float64]

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(n,) which are to be found."""
        return ~(self.crowd | self.difficult)


def found_columns(found: Sequence[Detections], truths: Sequence[Objects]) -> tuple[Found, int]:
    """Detections in pixels of their photographs; with them how many were left out for numbers that are not finite."""
    photos = np.repeat(np.arange(len(found)), [len(one) for one in found])
    sizes = np.array([one.size for one in truths], dtype=np.float64).reshape(-1, 2)[photos]
    shares = _joined([one.boxes for one in found], np.empty((0, 4)))
    scores = _joined([one.scores for one in found], np.empty(0))
    kinds = _joined([one.kinds for one in found], np.empty(0, dtype=np.int64))
    finite = np.isfinite(shares).all(axis=1) & np.isfinite(scores)
    boxes = shares.clip(*_FURTHEST) * sizes[:, [1, 0, 1, 0]]
    return Found(photos, kinds, boxes, scores).take(finite), int((~finite).sum())


def truth_columns(labels: Sequence[str], truths: Sequence[Objects]) -> tuple[Truth, Mapping[str, int]]:
    """The objects of the labels; with them how many there are of each label that is none of these."""
    number = {label: place for place, label in enumerate(labels)}
    photos = np.repeat(np.arange(len(truths)), [len(one) for one in truths])
    names = [label for one in truths for label in one.labels]
    kinds = np.array([number.get(label, -1) for label in names], dtype=np.int64)
    whole = Truth(
        photos,
        kinds,
        _joined([one.boxes for one in truths], np.empty((0, 4))),
        _joined([one.crowd for one in truths], np.empty(0, dtype=np.bool_)),
        _joined([one.difficult for one in truths], np.empty(0, dtype=np.bool_)),
        _joined([one.areas for one in truths], np.empty(0)),
    )
    return whole.take(kinds >= 0), Counter(label for label in names if label not in number)


def _joined(parts: Sequence[NDArray[Any]], empty: NDArray[_T]) -> NDArray[_T]:
    """The parts as one array of the type of `empty`, also where there are none."""
    return np.concatenate([empty, *parts]).astype(empty.dtype, copy=False)
