"""What a detector tells of one photograph."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.wording import listed

_SHOWN = 5
_DIGITS = 6
# Hundredths of a pixel are as much as COCO's own files say.
_PIXEL_DIGITS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The boxes found in one photograph, the surest first.

    `boxes` (n, 4) are left, top, right and bottom as shares of its width and height, not clipped; `kinds` (n,) are
    places in `labels`, `scores` (n,) in [0, 1]. `size` is the photograph's height and width in pixels, where known.
    """

    labels: Sequence[str]
    boxes: NDArray[np.float32]
    kinds: NDArray[np.int64]
    scores: NDArray[np.float32]
    size: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def names(self) -> list[str]:
        """The label of each box."""
        return [self.labels[kind] for kind in self.kinds.tolist()]

    @property
    def pixels(self) -> NDArray[np.float64]:
        """The boxes (n, 4) in pixels of the upright photograph; raises `ValueError` where its size is not known."""
        if self.size is None:
            raise ValueError("the photograph's size is not known: ask `placed` first")
        height, width = self.size
        return self.boxes.astype(np.float64) * np.array([width, height, width, height])

    def placed(self, size: tuple[int, int]) -> "Detections":
        """The same in a photograph of this height and width."""
        return replace(self, size=size)

    def above(self, threshold: float) -> "Detections":
        """Those with a score of at least `threshold`."""
        kept = self.scores >= threshold
        return replace(self, boxes=self.boxes[kept], kinds=self.kinds[kept], scores=self.scores[kept])

    def rows(self) -> list[dict[str, Any]]:
        """A row a box: label, score, and its sides in pixels (`record`)."""
        sides = np.round(self.pixels, _PIXEL_DIGITS).tolist()
        return [
            {"label": name, "score": round(score, _DIGITS), "left": left, "top": top, "right": right, "bottom": bottom}
            for name, score, (left, top, right, bottom) in zip(self.names, self.scores.tolist(), sides, strict=True)
        ]

    def record(self) -> dict[str, Any]:
        """The boxes in pixels of the upright photograph; raises `ValueError` where its size is not known."""
        height, width = self.size or (0, 0)
        return {"height": height, "width": width, "detections": self.rows()}

    def line(self) -> str:
        """The surest boxes."""
        said = [f"{name} {score:.0%}" for name, score in zip(self.names, self.scores.tolist(), strict=True)]
        return listed(said, most=_SHOWN) if said else "nothing"
