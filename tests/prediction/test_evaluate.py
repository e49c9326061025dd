"""The one evaluator: everything once, in order, whoever looked at it."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from mobilenets.data.examples import Batch
from mobilenets.data.photos import ArrayPhoto
from mobilenets.errors import JobError
from mobilenets.prediction.evaluate import Gathered, evaluate, gather
from mobilenets.tasks.classify import Classify, Labelled

CPU = torch.device("cpu")
TASK = Classify(("a", "b"))
LABELS = (0, 1, 1, 0, 1)
EXAMPLES = Labelled(tuple(ArrayPhoto(f"{n}.png", np.zeros((1, 1), dtype=np.uint8)) for n in range(5)), LABELS)


def _batch(*places: int) -> Batch:
    images = torch.tensor(places, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)
    return Batch(images, {"label": torch.tensor([LABELS[place] for place in places])}, torch.tensor(places))


def _model(images: Tensor) -> Tensor:
    """Sure of b for odd photographs, of a for even ones."""
    odd = (images[:, 0, 0, 0] % 2).float()
    return torch.stack([1 - odd, odd], 1) * 4


def _empty() -> Batch:
    return Batch(torch.empty(0, 3, 2, 2, dtype=torch.uint8), {}, torch.empty(0, dtype=torch.int64))


def test_answers_are_scored_in_the_order_of_the_examples() -> None:
    evaluation = evaluate(TASK, EXAMPLES, gather(_model, TASK, [_batch(4, 1), _batch(0), _batch(3, 2)], device=CPU))
    evaluated = evaluation.evaluated
    assert evaluated.places == [0, 1, 2, 3, 4]
    assert evaluated.truths == list(LABELS)
    assert [answer.record()["label"] for answer in evaluated.answers] == ["a", "b", "a", "b", "a"]
    assert evaluated.scores.figures["top1"] == pytest.approx(2 / 5)
    right, wrong = np.log1p(np.exp(-4.0)), np.log1p(np.exp(4.0))
    assert evaluation.loss == pytest.approx((2 * right + 3 * wrong) / 5)


def test_parts_of_many_processes_are_one_whole() -> None:
    whole = gather(_model, TASK, [_batch(0, 1, 2, 3, 4)], device=CPU)
    merged = Gathered()
    for places in ((0, 2, 4), (1, 3)):
        merged.merge(gather(_model, TASK, [_batch(*places)], device=CPU))
    one, other = evaluate(TASK, EXAMPLES, whole), evaluate(TASK, EXAMPLES, merged)
    assert other.loss == pytest.approx(one.loss)
    assert other.evaluated.scores == one.evaluated.scores


def test_photographs_that_could_not_be_read_are_no_part_of_it() -> None:
    told: list[int] = []
    evaluation = evaluate(
        TASK, EXAMPLES, gather(_model, TASK, [_batch(1), _empty(), _batch(3)], device=CPU, advance=told.append)
    )
    assert evaluation.evaluated.places == [1, 3]
    assert evaluation.evaluated.truths == [1, 0]
    assert told == [1, 0, 1]


def test_nothing_at_all() -> None:
    with pytest.raises(JobError, match="none of the photographs could be read"):
        evaluate(TASK, EXAMPLES, gather(_model, TASK, [_empty()], device=CPU))


def test_batches_are_taken_as_they_come() -> None:
    seen: list[int] = []

    def batches() -> Iterator[Batch]:
        for place in range(3):
            seen.append(place)
            yield _batch(place)

    def model(images: Tensor) -> Tensor:
        assert len(seen) == int(images[0, 0, 0, 0]) + 1
        assert torch.is_inference_mode_enabled()
        return _model(images)

    gather(model, TASK, batches(), device=CPU)
