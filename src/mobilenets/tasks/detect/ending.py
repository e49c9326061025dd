"""How a detector's file ends: what stands behind the network there, and how what it gives is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from mobilenets.architecture.layer import Layer
from mobilenets.errors import UsageError
from mobilenets.maths.boxes import CORNERS
from mobilenets.maths.suppression import Kept, suppressed
from mobilenets.tasks.detect.compare import detections_apart, numbers_apart
from mobilenets.tasks.detect.frameworks import FRAMEWORKS
from mobilenets.tasks.detect.tail import COLUMNS, LIMIT, OVERLAP, THRESHOLD, Decoded, Suppressed
from mobilenets.tasks.parts import Given

Form = Literal["rows", "boxes", "detections"]
"""What a detector's outputs are: the network's own, every box with its probabilities, or what suppression leaves."""

_BOX = "left, top, right and bottom as shares of the photograph"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a file of this `form`, by the number of classes and the framework."""

    form: Form
    classes: int
    framework: str

    def of_file(self, *, suppression: bool) -> "Ending":
        """That of a file which can suppress boxes, or cannot.

        Raises `UsageError` for Faster R-CNN where it cannot: its proposals are what a suppression leaves.
        """
        if suppression:
            return Ending("detections", self.classes, self.framework)
        if self.framework == "frcnn":
            raise UsageError(
                "Faster R-CNN's proposals are what suppression leaves, and this runtime has none: export to onnx or "
                "openvino, or train with --framework ssd"
            )
        return Ending("boxes", self.classes, self.framework)

    def tail(self) -> nn.Module | None:
        """What makes of the network's rows what the file gives."""
        if self.form == "rows":
            return None
        if self.form == "boxes":
            return Decoded(self.classes)
        return Suppressed(self.classes, exclusive=self.framework == "frcnn", limit=self._limit)

    @property
    def _limit(self) -> int:
        return FRAMEWORKS[self.framework].limit

    def given(self, layers: Sequence[Layer]) -> Given:
        """What the file of a detector of these layers gives."""
        if self.form == "detections":
            words = f"detections, the surest first: {_BOX}, a score, the line of labels.txt from 0; -1 is none"
            return Given((self._limit, COLUMNS), words)
        boxes = sum(grid.boxes for grid in layers[-1].grids)
        words = f"a row a box: {_BOX}, then a probability for each line of labels.txt; the app suppresses"
        return Given((boxes, CORNERS + self.classes), words)

    def difference(self, made: NDArray[np.float32], right: NDArray[np.float32]) -> float:
        """How far outputs are from those to expect, where 1 is far."""
        return (detections_apart if self.form == "detections" else numbers_apart)(made, right)

    def read(self, outputs: Tensor) -> list[Kept]:
        """What a file's outputs (N, ...) tell of each photograph."""
        if self.form == "detections":
            return [_kept(one) for one in outputs]
        return [
            suppressed(one[:, None, :CORNERS], one[:, CORNERS:], limit=LIMIT, threshold=THRESHOLD, overlap=OVERLAP)
            for one in outputs
        ]


def _kept(rows: Tensor) -> Kept:
    there = rows[rows[:, -1] >= 0]
    return Kept(there[:, :CORNERS], there[:, -1].long(), there[:, CORNERS])
