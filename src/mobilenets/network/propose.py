"""The proposals of Faster R-CNN (Ren et al., 2015): where objects may stand, whatever they are."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mobilenets.architecture.layer import Layer
from mobilenets.maths.boxes import CORNERS, default_boxes, has_area, moved
from mobilenets.maths.matching import matches
from mobilenets.maths.sampling import balanced
from mobilenets.maths.survivors import survivors
from mobilenets.network.boxes import rows_of_map

OUTPUTS = 2  # background and object
# Reference: what covers a likelier proposal by more goes.
_OVERLAP = 0.7
# The authors' code looks at as many; what is less likely hardly ever stays.
_LOOKED = 6000
# Share of the image: what is thinner shows nothing.
_THIN = 1e-3
# Reference: of 64 boxes to learn from a quarter are positive, which overlap an object by half.
_SAMPLED, _POSITIVE, _MATCHED = 64, 0.25, 0.5


class Propose(nn.Module):
    """The likeliest boxes, without those that cover a likelier one, a fixed number for each image.

    Anchors are clipped to the image, in training too: at 300 pixels most of the large ones leave it, and large objects
    would have none. The boxes are constants to what reads them. Where fewer are left, boxes without an area fill up.
    """

    anchors: Tensor

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.count = layer.out_size[0]
        self.register_buffer("anchors", default_boxes(layer.grids).clamp(0, 1), persistent=False)

    def forward(self, scores: Tensor, offsets: Tensor, guide: Mapping[str, Tensor] | None = None) -> Tensor:
        """(N, anchors a place * 2, H, W) and (N, anchors a place * 4, H, W) to (N, count, 4), shares of the image.

        With a `guide`, the `boxes` (N, most, 4) of the objects and their `kinds` (N, most), -1 being none, it is the
        few of them that are learnt from (`chosen`).
        """
        proposals = self._proposals(self.rows(scores.detach(), offsets.detach()))
        return proposals if guide is None else chosen(proposals, guide["boxes"], guide["kinds"] >= 0)

    def rows(self, scores: Tensor, offsets: Tensor) -> Tensor:
        """(N, anchors, 2 + 4 + 4): the scores, the offsets, the anchor."""
        # In 32 bits, as those of `Boxes`.
        said = rows_of_map(scores, OUTPUTS).float(), rows_of_map(offsets, CORNERS).float()
        return torch.cat([*said, self.anchors.expand(len(scores), -1, -1)], 2)

    def _proposals(self, rows: Tensor) -> Tensor:
        scores, offsets, anchors = rows.tensor_split([OUTPUTS, OUTPUTS + CORNERS], 2)
        boxes = moved(anchors, offsets).clamp(0, 1)
        thin = (boxes[..., 2:] - boxes[..., :2] < _THIN).any(2)
        # In the order of the softmax, which has no room for differences close to 1. Thin ones come last, as no box.
        chances = torch.where(thin, torch.finfo(scores.dtype).min, scores[..., 1] - scores[..., 0])
        boxes = torch.where(thin.unsqueeze(2), 0.0, boxes)
        best, order = chances.topk(min(_LOOKED, chances.shape[1]), dim=1)
        boxes = boxes.gather(1, order.unsqueeze(2).expand(-1, -1, CORNERS))
        stay = survivors(boxes, best, torch.zeros_like(order), 1, _OVERLAP, torch.finfo(best.dtype).min, self.count)
        place = stay.long().cumsum(1) - 1
        # What does not stay falls into a last place that is cut off.
        slot = torch.where(stay & (place < self.count), place, self.count).unsqueeze(2).repeat(1, 1, CORNERS)
        empty = 0 * boxes[:, :1] + boxes.new_zeros(1, self.count + 1, CORNERS)
        return empty.scatter(1, slot, boxes)[:, : self.count]


def chosen(proposals: Tensor, boxes: Tensor, present: Tensor) -> Tensor:
    """The boxes that the second stage learns from: (N, 64, 4), drawn from the proposals (N, count, 4) and the objects'
    own boxes (N, most, 4), those that are `present` (N, most). Boxes without an area fill up."""
    candidates = torch.cat([proposals, torch.where(present.unsqueeze(2), boxes, 0.0)], 1)
    there = has_area(candidates)
    found = matches(candidates, boxes, present, at_least=_MATCHED, forced=False) >= 0
    drawn = balanced(there & found, there & ~found, count=_SAMPLED, share=_POSITIVE)
    first = (~drawn).int().argsort(dim=1, stable=True)[:, :_SAMPLED].unsqueeze(2)
    filled = torch.where(drawn.unsqueeze(2), candidates, 0.0)
    return filled.gather(1, first.expand(-1, -1, CORNERS))
