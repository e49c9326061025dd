"""What stands behind a detector's network in the file that ships: boxes decoded, and suppressed where that can be."""

import torch
from torch import Tensor, nn

from mobilenets.maths.boxes import CORNERS, has_area, moved
from mobilenets.maths.suppression import CANDIDATES
from mobilenets.maths.survivors import survivors

LIMIT, EACH, THRESHOLD, OVERLAP = 100, 100, 1e-8, 0.6
"""Reference: what the authors' detectors keep of their boxes, in all (SSD) and of each class."""
COLUMNS = CORNERS + 2
"""Numbers of a detection: the box, its score, its kind."""
NOTHING = -1
"""The kind of a row that fills the others up."""


class Decoded(nn.Module):
    """The boxes and what each class's probability is, for an app that suppresses itself."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, rows: Tensor) -> Tensor:
        """(N, boxes, 1 + classes + 8) to (N, boxes, 4 + classes): left, top, right, bottom, and the probabilities."""
        first = self.classes + 1
        boxes = moved(rows[..., first + CORNERS :], rows[..., first : first + CORNERS])
        return torch.cat([boxes, rows[..., 1:first].sigmoid()], -1)


class Suppressed(nn.Module):
    """The surest boxes that no surer one of their kind covers.

    It looks at the `CANDIDATES` likeliest pairs of a box and a class alone, so that nothing is decoded in vain. What
    they leave is what all would leave wherever they leave `limit`. With `exclusive` classes a box is of one of them
    or of the background (softmax), else each class is by itself (sigmoid).
    """

    empty: Tensor

    def __init__(self, classes: int, *, exclusive: bool, limit: int = LIMIT) -> None:
        super().__init__()
        self.classes, self.exclusive, self.limit = classes, exclusive, limit
        empty = torch.zeros(1, limit + 1, COLUMNS)
        empty[..., -1] = NOTHING
        self.register_buffer("empty", empty)

    def forward(self, rows: Tensor) -> Tensor:
        """(N, boxes, 1 + classes + 4k + 4) to (N, limit, 6), the surest first.

        A row is left, top, right, bottom, score and kind; those that nothing is left for have the score 0 and the
        kind -1.
        """
        levels = rows[..., : self.classes + 1]
        if self.exclusive:
            levels = levels.log_softmax(-1)
        # The order of probabilities is that of logits, which so many of are not made probabilities of.
        flat = levels[..., 1:].flatten(1)
        best, places = flat.topk(min(CANDIDATES, flat.shape[1]))
        kinds = places % self.classes
        scores = best.exp() if self.exclusive else best.sigmoid()
        still, offsets = self._boxes(rows, places)
        boxes = moved(still, offsets)
        if self.exclusive:
            # Proposals without an area fill up those that there are.
            scores = torch.where(has_area(still), scores, 0.0)
        stay = survivors(boxes, scores, kinds, self.classes, OVERLAP, THRESHOLD, EACH)
        return self._told(torch.cat([boxes, scores.unsqueeze(-1), kinds.unsqueeze(-1).float()], -1), stay)

    def _boxes(self, rows: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """(N, n, 4) boxes of the pairs at `places`, and their offsets."""
        first, last = self.classes + 1, rows.shape[-1] - CORNERS
        boxes = torch.div(places, self.classes, rounding_mode="floor")
        if last == first + CORNERS:
            offsets, still = _at(rows[..., first:], boxes).chunk(2, -1)
        else:
            offsets = _at(rows[..., first:last].reshape(len(rows), -1, CORNERS), places)
            still = _at(rows[..., last:], boxes)
        return still, offsets

    def _told(self, found: Tensor, stay: Tensor) -> Tensor:
        """Those of (N, n, 6) that stay (N, n) one behind the other, in their order, which is that of the scores."""
        place = stay.long().cumsum(1) - 1
        # What does not stay, or not among so many, falls into a last place that is cut off.
        slot = torch.where(stay & (place < self.limit), place, self.limit)
        told = self.empty + 0 * found[:, :1]  # for each image, as in `Boxes`
        return told.scatter(1, slot.unsqueeze(-1).repeat(1, 1, COLUMNS), found)[:, : self.limit]


def _at(values: Tensor, places: Tensor) -> Tensor:
    """(N, m, ...) values at the places (N, n) of each image."""
    return values.gather(1, places.unsqueeze(-1).repeat(1, 1, values.shape[-1]))
