"""The end of a detector's file, in PyTorch: what it leaves is what the project's own suppression leaves."""

import numpy as np
import pytest
import torch
from torch import Tensor

from mobilenets.maths.suppression import suppressed
from mobilenets.tasks.detect.frameworks import FRAMEWORKS
from mobilenets.tasks.detect.loss import rows_of
from mobilenets.tasks.detect.tail import COLUMNS, LIMIT, OVERLAP, THRESHOLD, Decoded, Suppressed

CLASSES = 5


def _rows(photographs: int, boxes: int, *, moves: int = 1, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    corners = torch.rand(photographs, boxes, 4, generator=draw)
    still = torch.cat([torch.minimum(corners[..., :2], corners[..., 2:]), corners.sort(-1).values[..., 2:]], -1)
    scores = 3 * torch.randn(photographs, boxes, CLASSES + 1, generator=draw) - 2
    offsets = torch.randn(photographs, boxes, 4 * moves, generator=draw)
    return torch.cat([scores, offsets, still], -1)


@pytest.mark.parametrize("photographs", [1, 3])
@pytest.mark.parametrize(("exclusive", "moves"), [(False, 1), (True, CLASSES)])
def test_the_file_keeps_what_the_checkpoint_keeps(photographs: int, exclusive: bool, moves: int) -> None:
    outputs = _rows(photographs, 300, moves=moves)
    made = Suppressed(CLASSES, exclusive=exclusive)(outputs)
    assert made.shape == (photographs, LIMIT, COLUMNS)
    rows = rows_of(outputs, classes=CLASSES)
    scores = FRAMEWORKS["frcnn" if exclusive else "ssd"].chances(rows)
    for one, found, told in zip(made, rows.found, scores, strict=True):
        right = suppressed(found, told, limit=LIMIT, threshold=THRESHOLD, overlap=OVERLAP)
        count = len(right.scores)
        torch.testing.assert_close(one[:count, :4], right.boxes)
        torch.testing.assert_close(one[:count, 4], right.scores)
        assert one[:count, 5].long().tolist() == right.kinds.tolist()


def test_where_less_is_left_the_rest_are_rows_of_nothing() -> None:
    outputs = _rows(1, 7)
    outputs[..., : CLASSES + 1] = -40  # no probability at all
    outputs[0, 2, 1 + 3] = 2.0
    made = Suppressed(CLASSES, exclusive=False)(outputs)[0]
    assert made[0, 5] == 3
    assert made[0, 4] == pytest.approx(torch.tensor(2.0).sigmoid().item())
    assert (made[1:] == torch.tensor([0.0, 0, 0, 0, 0, -1])).all()


def test_equal_boxes_of_a_kind_are_told_once_and_of_other_kinds_each() -> None:
    outputs = _rows(1, 40)
    outputs[:] = outputs[:, :1]
    outputs[..., 1 : CLASSES + 1] = 1.0
    made = Suppressed(CLASSES, exclusive=False)(outputs)[0]
    assert sorted(made[made[:, 5] >= 0, 5].tolist()) == list(range(CLASSES))


def test_boxes_out_are_moved_and_their_probabilities_given() -> None:
    outputs = _rows(2, 9)
    made = Decoded(CLASSES)(outputs)
    rows = rows_of(outputs, classes=CLASSES)
    np.testing.assert_allclose(made[..., :4], rows.found[..., 0, :], rtol=1e-6)
    np.testing.assert_allclose(made[..., 4:], rows.scores.sigmoid()[..., 1:], rtol=1e-6)
