"""What the frameworks of detectors do differently: what they minimise, and what their scores mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mobilenets.maths.boxes import has_area
from mobilenets.maths.suppression import Kept, suppressed
from mobilenets.network.stages import Stages
from mobilenets.run import Detection
from mobilenets.tasks.detect.loss import Rows, rows_of, ssd_loss, wanted
from mobilenets.tasks.detect.tail import EACH, LIMIT, OVERLAP, THRESHOLD
from mobilenets.tasks.detect.two_stage import first_loss, second_loss

Targets = Mapping[str, Tensor]
"""`boxes` (N, most, 4) and `kinds` (N, most) of the objects, -1 being none."""


class Framework(Protocol):
    """One framework. `limit` is how many boxes of a photograph it tells at most."""

    @property
    def limit(self) -> int: ...

    @property
    def guided(self) -> bool:
        """Whether its network has to know the objects while it learns."""
        ...

    def loss(self, rows: Rows, targets: Targets, settings: Detection) -> Tensor:
        """What is minimised, of the network's rows (N, boxes, ...)."""
        ...

    def chances(self, rows: Rows) -> Tensor:
        """(N, boxes, classes) how sure it is of each class."""
        ...


@dataclass(frozen=True, slots=True)
class Ssd:
    """Every class by itself; all default boxes in one look."""

    limit: int = LIMIT
    guided: bool = False

    def loss(self, rows: Rows, targets: Targets, settings: Detection) -> Tensor:
        answers = wanted(rows.boxes[0], targets["boxes"], targets["kinds"])
        return ssd_loss(rows, answers, focal=settings.negatives == "focal")

    def chances(self, rows: Rows) -> Tensor:
        return rows.scores.sigmoid()[..., 1:]


@dataclass(frozen=True, slots=True)
class FasterRcnn:
    """One of all classes and the background. Proposals without an area fill up and tell nothing.

    Its loss here is the second stage's over all proposals: what held-out photographs are judged by.
    """

    limit: int = 300
    guided: bool = True

    def loss(self, rows: Rows, targets: Targets, settings: Detection) -> Tensor:
        return second_loss(rows, targets["boxes"], targets["kinds"])

    def chances(self, rows: Rows) -> Tensor:
        return torch.where(has_area(rows.boxes).unsqueeze(-1), rows.scores.softmax(-1)[..., 1:], 0.0)


FRAMEWORKS: dict[str, Framework] = {"ssd": Ssd(), "frcnn": FasterRcnn()}


def guided_loss(stages: Stages, targets: Targets, *, classes: int) -> Tensor:
    """What Faster R-CNN minimises: both stages together, of the boxes that were drawn."""
    boxes, kinds = targets["boxes"], targets["kinds"]
    first = first_loss(rows_of(stages.first, classes=1), boxes, kinds)
    return first + second_loss(rows_of(stages.second, classes=classes), boxes, kinds)


def kept_boxes(rows: Rows, framework: Framework) -> list[Kept]:
    """What suppression leaves of each photograph's boxes."""
    pairs = zip(rows.found, framework.chances(rows), strict=True)
    return [suppressed(*pair, limit=framework.limit, each=EACH, threshold=THRESHOLD, overlap=OVERLAP) for pair in pairs]
