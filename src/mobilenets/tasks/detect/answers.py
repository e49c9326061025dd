"""What a detector tells of one photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.wording import listed

_SHOWN = 5
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The boxes found in one photograph, the surest first.

    `boxes` (n, 4) are left, top, right and bottom as shares of its width and height, not clipped; `kinds` (n,) are
    places in `labels`, `scores` (n,) in [0, 1].
    """

    labels: Sequence[str]
    boxes: NDArray[np.float32]
    kinds: NDArray[np.int64]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)

    def record(self) -> dict[str, Any]:
        rows = zip(self.kinds.tolist(), self.scores.tolist(), self.boxes.tolist(), strict=True)
        return {
            "detections": [
                {
                    "label": self.labels[kind],
                    "score": round(score, _DIGITS),
                    "box": [round(side, _DIGITS) for side in box],
                }
                for kind, score, box in rows
            ]
        }

    def line(self) -> str:
        """The surest boxes."""
        said = [
            f"{self.labels[kind]} {score:.0%}"
            for kind, score in zip(self.kinds.tolist(), self.scores.tolist(), strict=True)
        ]
        return listed(said, most=_SHOWN) if said else "nothing"
