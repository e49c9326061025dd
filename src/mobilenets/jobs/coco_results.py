"""Detections as COCO takes them: a list of results, which `pycocotools`' `loadRes` reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from mobilenets.data.detection.opening import coco_ids
from mobilenets.data.naming import is_image
from mobilenets.prediction.predict import Prediction
from mobilenets.tasks.detect.answers import Detections

_PIXEL_DIGITS = 2
# A 32-bit float to the digit: scores that differ stay in their order.
_SCORE = ".9g"


@dataclass(slots=True)
class CocoResults:
    """Results of one photograph after the other; `numbers` are those of the classes in their data set.

    A photograph is known by its id in `ids`, else by the number that its file is called by, as COCO's are
    (000000000139.jpg is 139). One that is called otherwise, and one whose number is another's, get the least number
    that is free; `renumbered` counts those of the latter kind. Each result says its `file_name` too.
    """

    numbers: Sequence[int]
    ids: Mapping[str, int | str] = field(default_factory=dict)
    renumbered: int = 0
    _taken: set[int | str] = field(init=False)
    _next: int = 1

    def __post_init__(self) -> None:
        self._taken = set(self.ids.values())

    def of(self, prediction: Prediction) -> list[dict[str, Any]]:
        """The results for one photograph, none where nothing was found or it could not be read."""
        image = self._id(prediction.name)
        found = prediction.answer
        if not isinstance(found, Detections):
            return []
        corners = found.pixels
        sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).round(_PIXEL_DIGITS).tolist()
        return [
            {
                "image_id": image,
                "category_id": self.numbers[kind],
                "bbox": box,
                "score": float(format(score, _SCORE)),
                "file_name": prediction.name,
            }
            for kind, box, score in zip(found.kinds.tolist(), sides, found.scores.tolist(), strict=True)
        ]

    def _id(self, name: str) -> int | str:
        if name in self.ids:
            return self.ids[name]
        own = _own_number(name)
        if own is not None and own not in self._taken:
            self._taken.add(own)
            return own
        self.renumbered += own is not None
        while self._next in self._taken:
            self._next += 1
        self._taken.add(self._next)
        return self._next


def known_ids(sources: Iterable[str]) -> dict[str, int | str]:
    """The ids by name of all photographs in those sources that are COCO's. Raises `UsageError` as `coco_ids` does."""
    ids: dict[str, int | str] = {}
    for source in sources:
        ids |= coco_ids(source)
    return ids


def _own_number(name: str) -> int | None:
    """The number that a file is called by; a video's frames are called by none."""
    path = PurePath(name)
    return int(path.stem) if is_image(path.name) and path.stem.isascii() and path.stem.isdecimal() else None
