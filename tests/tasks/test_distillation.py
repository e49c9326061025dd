"""The task around a task, where the contract of tasks does not reach."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mobilenets.data.examples import Batch
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.data.preprocess import Box
from mobilenets.data.views import View
from mobilenets.errors import UsageError
from mobilenets.reporting.page import Page
from mobilenets.tasks.classify import Classify
from mobilenets.tasks.comparison import EachAlone, Exclusive, Vectors, comparison
from mobilenets.tasks.distillation import Distilled, DistilledHead, distilled, judge_of
from mobilenets.tasks.features import Features
from mobilenets.tasks.protocol import Evaluated, Task, TaskSettings
from mobilenets.tasks.taught import WANTED, Taught, Unlabelled
from mobilenets.tasks.teachers import matching_outputs

CLASSES = Classify(("ant", "bee"), label_smoothing=0.2)
PHOTO = ArrayPhoto("a.png", np.zeros((4, 4, 3), np.uint8))


def _batch(**targets: Tensor) -> Batch:
    return Batch(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), targets, torch.arange(2))


def _says(outputs: Tensor) -> Any:
    return lambda _batch: outputs


def test_the_loss_has_its_shares() -> None:
    outputs, wanted = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    batch = _batch(label=torch.tensor([0, 1]))

    def loss(share: float) -> float:
        return float(Distilled(CLASSES, _says(wanted), 2.0, share).loss(outputs, batch))

    labels = float(CLASSES.loss(outputs, batch))
    assert loss(1.0) == float(CLASSES.distillation_loss(outputs, wanted, temperature=2.0))
    assert loss(0.25) == pytest.approx(0.25 * loss(1.0) + 0.75 * labels)
    alone = Distilled(CLASSES, _says(wanted), 2.0, 0.25, labelled=False)
    assert float(alone.loss(outputs, _batch())) == loss(1.0)


def test_what_is_known_beforehand_is_not_asked_for() -> None:
    def asked(_batch: Batch) -> Tensor:
        raise AssertionError("the teacher was asked")

    outputs, wanted = torch.eye(2), torch.tensor([[1.0, 0.0], [3.0, 0.0]])
    task = Distilled(CLASSES, asked, 1.0, labelled=False)
    batch = _batch(**{WANTED: wanted})
    assert float(task.loss(outputs, batch)) > 0
    assert float(task.watch(outputs, batch)["agreement"]) == 1.0


def test_agreement_is_the_score_without_labels() -> None:
    task = Distilled(CLASSES, _says(torch.zeros(2, 2)), 1.0, labelled=False)
    rows = np.array([[[2.0, 1.0], [0.0, 5.0], [1.0, 0.0]]], np.float32)
    examples = Taught(Unlabelled((PHOTO,) * 3), rows)
    answers = task.answers(torch.tensor([[9.0, 0.0], [1.0, 0.0], [1.0, 0.5]]))
    assert answers[0].record() == CLASSES.answers(torch.tensor([[9.0, 0.0]]))[0].record()
    assert answers[0].line().startswith("ant")
    truths = [examples.truth(place) for place in range(3)]
    scores = task.score(answers, truths)
    assert scores.headline == "agreement"
    assert scores.figures == {"agreement": pytest.approx(2 / 3)}
    page = Page("title")
    task.report(page, Evaluated(examples, range(3), answers, truths, scores))
    assert "agree with the teacher&#x27;s: 0.6667" in page.html() or "agree with the teacher's: 0.6667" in page.html()


def test_vectors_are_compared_by_their_difference_and_angle() -> None:
    compared = comparison(Features())
    assert isinstance(compared, Vectors)
    one, other = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    assert float(compared.distillation_loss(one, other, temperature=9.0)) == 1.5
    assert compared.agreement(one, other).tolist() == [0.0, 1.0]


@dataclass(frozen=True)
class _Named(Features):
    """A task that names its outputs and says nothing of how they are distilled."""

    labels: tuple[str, ...] = ("smiles", "is young")
    exclusive: bool = False

    def state(self) -> dict[str, Any]:
        return {"labels": list(self.labels)}


def test_outputs_with_names_are_compared_as_probabilities() -> None:
    assert comparison(CLASSES) is CLASSES
    one, other = torch.tensor([[1.0, -1.0], [3.0, 2.0]]), torch.tensor([[2.0, 1.0], [1.0, 4.0]])
    exclusive, alone = comparison(_Named(exclusive=True)), comparison(_Named())
    assert isinstance(exclusive, Exclusive)
    assert isinstance(alone, EachAlone)
    assert exclusive.agreement(one, other).tolist() == [1.0, 0.0]
    assert alone.agreement(one, other).tolist() == [0.5, 1.0]
    expected = CLASSES.distillation_loss(one, other, temperature=3.0)
    assert exclusive.distillation_loss(one, other, temperature=3.0) == expected
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(one, other.sigmoid())
    torch.testing.assert_close(alone.distillation_loss(one, other, temperature=1.0), wanted)
    assert matching_outputs(_Named(), _Named(labels=("is young", "smiles"))) == (1, 0)


def test_each_view_has_its_outputs() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    examples = Taught(Unlabelled((PHOTO,) * 3), rows)
    view = View(Box(0, 0, 4, 4))
    assert examples.target(2, view)[WANTED].tolist() == [4.0, 5.0]  # type: ignore[union-attr]
    assert examples.target(2, replace(view, number=1))[WANTED].tolist() == [10.0, 11.0]  # type: ignore[union-attr]


def _collection(label: str | None) -> Collection:
    examples = tuple(Example(PHOTO, label, split) for split in ("train", "val"))
    return Collection(name="photographs", examples=examples, unlabelled=label is None)


def test_a_split_with_labels_is_judged_by_them() -> None:
    task = distilled(CLASSES, _says(torch.zeros(1, 2)), temperature=1.0, share=0.5, labelled=True)
    assert judge_of(task, _collection("ant"), "val") == Classify(("ant", "bee"))
    blind = judge_of(task, _collection(None), "val")
    assert isinstance(blind, Distilled)
    assert not blind.labelled
    assert isinstance(task.examples(_collection(None), "train"), Unlabelled)
    assert task.examples(_collection("bee"), "train").truth(0) == 1
    assert judge_of(CLASSES, _collection("ant"), "val") == Classify(("ant", "bee"))


@dataclass(frozen=True)
class _Headless(Features):
    """A task whose head cannot be found first."""


@pytest.mark.parametrize(("inner", "kind"), [(CLASSES, DistilledHead), (_Headless(), Distilled)])
def test_a_head_is_found_first_where_the_task_has_one(inner: Task, kind: type[Distilled]) -> None:
    task = distilled(inner, _says(torch.zeros(1, 2)), temperature=1.0, share=1.0, labelled=False)
    assert type(task) is kind


def test_it_is_made_around_another() -> None:
    with pytest.raises(UsageError, match="a distilled task is made around another"):
        Distilled.learn(_collection("ant"), settings=TaskSettings())
    with pytest.raises(UsageError, match="a distilled task is made around another"):
        Distilled.restore({})
