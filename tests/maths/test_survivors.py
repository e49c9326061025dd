"""Suppression as one operation: kinds apart, a limit each, and traced whole."""

import torch

from mobilenets.maths.survivors import survivors

BOXES = torch.tensor([[[0.0, 0, 1, 1], [0.0, 0, 1, 0.9], [0.0, 0, 1, 0.5], [2.0, 2, 3, 3]]])
SCORES = torch.tensor([[0.9, 0.8, 0.7, 0.6]])


def _stay(kinds: list[int], *, threshold: float = 0.0, limit: int = 9) -> list[bool]:
    found: list[bool] = survivors(BOXES, SCORES, torch.tensor([kinds]), 3, 0.6, threshold, limit)[0].tolist()
    return found


def test_a_surer_box_of_the_same_kind_covers() -> None:
    assert _stay([1, 1, 1, 1]) == [True, False, True, True]
    assert _stay([0, 1, 2, 0]) == [True, True, True, True]


def test_what_is_not_above_the_threshold_goes() -> None:
    assert _stay([1, 1, 1, 1], threshold=0.7) == [True, False, False, False]


def test_of_each_kind_the_surest_stay() -> None:
    assert _stay([1, 2, 1, 1], limit=1) == [True, True, False, False]


def test_traced_it_is_one_operation_for_any_number_of_images() -> None:
    class Whole(torch.nn.Module):
        def forward(self, boxes: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            stay: torch.Tensor = survivors(boxes, scores, torch.zeros_like(scores).long(), 1, 0.6, 0.0, 9)
            return stay

    twice = (BOXES.repeat(2, 1, 1), SCORES.repeat(2, 1))
    batch = torch.export.Dim("batch")
    program = torch.export.export(Whole(), twice, dynamic_shapes=({0: batch}, {0: batch}))
    assert [str(node.target) for node in program.graph.nodes].count("mobilenets.survivors.default") == 1
    thrice = program.module()(BOXES.repeat(3, 1, 1), SCORES.repeat(3, 1))
    assert thrice.shape == (3, 4)
