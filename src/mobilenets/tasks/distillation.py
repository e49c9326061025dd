"""Distillation: any task, learnt from another network's outputs (Hinton et al., 2015; sections 4.5 and 4.7).

`Distilled` is a task around a task. Its network is the inner one's, and so is the checkpoint that a run leaves:
nothing but learning knows of the teacher.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Self

import numpy as np
import torch
from torch import Tensor

from mobilenets.architecture.layer import Layer
from mobilenets.data.examples import Batch, Examples
from mobilenets.data.photos import Collection
from mobilenets.data.split import split_collection
from mobilenets.data.unlabelled import nothing_known, open_unlabelled
from mobilenets.errors import UsageError
from mobilenets.maths.logistic import Linear
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture
from mobilenets.tasks.comparison import comparison
from mobilenets.tasks.parts import Distils, FitsHead
from mobilenets.tasks.protocol import Answer, Evaluated, Scores, Task, TaskSettings
from mobilenets.tasks.taught import WANTED, Unlabelled

AGREEMENT = "agreement"

Teach = Callable[[Batch], Tensor]
"""(N, outputs) for the very views of a batch, as constants on its device."""
Recall = Callable[[Tensor, Callable[[], None]], Tensor]
"""(N, outputs) for training photographs, by place, as evaluation shows them; the function is called now and then."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The inner task's answer, with the outputs that are compared with the teacher's."""

    answer: Answer
    outputs: Tensor

    def record(self) -> dict[str, Any]:
        return self.answer.record()

    def line(self) -> str:
        return self.answer.line()


@dataclass(frozen=True, slots=True)
class Distilled:
    """A task whose loss compares the student's outputs with a teacher's.

    `share` of the loss is the teacher's and the rest that of the labels; without labels (`labelled` false) all of it
    is the teacher's, and answers are scored by how far they agree with it.
    """

    inner: Task
    teach: Teach
    temperature: float
    share: float = 1.0
    labelled: bool = True

    @property
    def name(self) -> str:
        return self.inner.name

    @classmethod
    def open(cls, source: str) -> Collection:
        """The photographs alone."""
        return open_unlabelled(source)

    @classmethod
    def divide(cls, collection: Collection, *, fraction: float, seed: int) -> Collection:
        return split_collection(collection, fraction=fraction, seed=seed)

    @classmethod
    def learn(cls, collection: Collection, *, settings: TaskSettings) -> Self:  # noqa: ARG003 (the protocol's)
        """Raises `UsageError`: a task to be distilled is made around another."""
        _of_another()

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:  # noqa: ARG003 (the protocol's)
        """Raises `UsageError`: a checkpoint is of the inner task."""
        _of_another()

    def state(self) -> dict[str, Any]:
        return self.inner.state()

    def examples(self, collection: Collection, split: str) -> Examples:
        if nothing_known(collection, split):
            return Unlabelled(tuple(one.photo for one in collection.part(split)))
        return self.inner.examples(collection, split)

    def layers(self, architecture: Architecture) -> list[Layer]:
        return self.inner.layers(architecture)

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        compared = comparison(self.inner)
        taught = compared.distillation_loss(outputs, self._wanted(batch), temperature=self.temperature)
        if not self.labelled or self.share == 1.0:
            return taught
        return self.share * taught + (1 - self.share) * self.inner.loss(outputs, batch)

    def watch(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        if self.labelled:
            return self.inner.watch(outputs, batch)
        return {AGREEMENT: comparison(self.inner).agreement(outputs, self._wanted(batch)).sum()}

    def _wanted(self, batch: Batch) -> Tensor:
        known = batch.targets.get(WANTED)
        return self.teach(batch) if known is None else known

    def answers(self, outputs: Tensor) -> list[Answer]:
        answers = self.inner.answers(outputs)
        return [Compared(answer, row) for answer, row in zip(answers, outputs.float().cpu(), strict=True)]

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        """The mean agreement with the teacher, whose outputs are the truths."""
        outputs = torch.stack([answer.outputs for answer in answers if isinstance(answer, Compared)])
        wanted = torch.from_numpy(np.stack([np.asarray(truth, dtype=np.float32) for truth in truths]))
        agreement = float(comparison(self.inner).agreement(outputs, wanted).mean())
        return Scores(AGREEMENT, {AGREEMENT: agreement})

    def report(self, page: Page, evaluated: Evaluated) -> None:
        page.heading("Agreement with the teacher")
        page.paragraph(
            f"The {len(evaluated.answers):,} held-out photographs have no labels. The score is how far the answers "
            f"agree with the teacher's: {evaluated.scores.figures[AGREEMENT]:.4f}. Nothing here tells how often the "
            "teacher is right."
        )


@dataclass(frozen=True, slots=True)
class DistilledHead(Distilled):
    """A distilled task whose head can be found first: by the labels, or by what the teacher says in their place."""

    recall: Recall | None = None

    def fit_head(
        self,
        features: Tensor,
        targets: Mapping[str, Tensor],
        *,
        groups: Tensor,
        seed: int,
        check: Callable[[], None],
    ) -> Linear:
        assert isinstance(self.inner, FitsHead)
        if not self.labelled:
            assert self.recall is not None
            targets = comparison(self.inner).taught(self.recall(groups, check))
        return self.inner.fit_head(features, targets, groups=groups, seed=seed, check=check)


def distilled(inner: Task, teach: Teach, *, temperature: float, share: float, labelled: bool) -> Distilled:
    """`inner` learnt from a teacher; with a head that is found first where `inner` has one, and targets for it."""
    fits = isinstance(inner, FitsHead) and (labelled or isinstance(inner, Distils))
    kind = DistilledHead if fits else Distilled
    return kind(inner, teach, temperature, share, labelled)


def judge_of(task: Task, collection: Collection, split: str) -> Task:
    """The task that scores a split: as its checkpoint gives it back or, without labels, by agreement.

    Without what only learning adds (label smoothing), so that the figures are those of `mobilenets evaluate`.
    """
    if not isinstance(task, Distilled):
        return type(task).restore(task.state())
    if nothing_known(collection, split):
        return replace(task, labelled=False)
    return judge_of(task.inner, collection, split)


def _of_another() -> NoReturn:
    raise UsageError("a distilled task is made around another: name that one with --task, and --teacher")
