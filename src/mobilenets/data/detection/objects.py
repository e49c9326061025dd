"""What stands in one photograph: boxes with labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """The boxes of one photograph.

    `boxes` (n, 4) are left, top, right and bottom in pixels of the upright photograph, whose `size` is (height, width);
    each lies inside it and has an area. `labels` are their n names. `crowd` (n,) marks boxes around many of a kind, in
    which detections are neither right nor wrong (COCO), `difficult` (n,) those that nobody has to find (Pascal VOC).
    `areas` (n,) are in pixels, of the outline where the source has one, else of the box: COCO's small, medium, large.
    """

    size: tuple[int, int]
    boxes: NDArray[np.float64]
    labels: tuple[str, ...]
    crowd: NDArray[np.bool_]
    difficult: NDArray[np.bool_]
    areas: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(n,) which of them are to be found: no crowds, nothing difficult."""
        return ~(self.crowd | self.difficult)

    @property
    def shares(self) -> NDArray[np.float64]:
        """The boxes (n, 4) as shares of the photograph's width and height, in [0, 1]."""
        height, width = self.size
        return self.boxes / np.array([width, height, width, height], dtype=np.float64)
