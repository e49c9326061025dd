"""The one evaluator: any task, any model, on examples."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mobilenets.data.examples import Batch, Examples
from mobilenets.errors import JobError
from mobilenets.tasks.parts import Ships
from mobilenets.tasks.protocol import Answer, Evaluated, Task


@dataclass(slots=True)
class Gathered:
    """What a pass over examples brings together: answers by place, and the loss over them.

    Outputs of which there is no loss (`Ships`) are looked at for numbers that are not `finite`.
    """

    answers: dict[int, Answer] = field(default_factory=dict)
    loss: float = 0.0
    finite: bool = True

    def add(self, task: Task, outputs: Tensor, batch: Batch) -> None:
        """Take in one batch."""
        if has_loss(task):
            self.loss += float(task.loss(outputs, batch)) * len(batch)
        else:
            self.finite &= bool(outputs.isfinite().all())
        self.answers.update(zip(batch.places.tolist(), task.answers(outputs), strict=True))

    def merge(self, other: "Gathered") -> None:
        """Take in what another process gathered."""
        self.answers.update(other.answers)
        self.loss += other.loss
        self.finite &= other.finite


def has_loss(task: Task) -> bool:
    """Whether the outputs that a task reads have a loss: those of a network, not what a file makes of them."""
    return not isinstance(task, Ships) or task.learns


def gather(
    model: Callable[[Tensor], Tensor],
    task: Task,
    batches: Iterable[Batch],
    *,
    device: torch.device,
    advance: Callable[[int], None] = lambda _: None,
) -> Gathered:
    """Run a model over batches without learning."""
    gathered = Gathered()
    with torch.inference_mode():
        for batch in batches:
            if len(batch):
                moved = batch.to(device)
                gathered.add(task, model(moved.images), moved)
            advance(len(batch))
    return gathered


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model did: the answers with their scores, the mean loss where there is one, and whether all is `finite`."""

    evaluated: Evaluated
    loss: float | None
    finite: bool


def evaluate(task: Task, examples: Examples, gathered: Gathered) -> Evaluation:
    """Score what was gathered, in the order of the examples. Raises `JobError` where no photograph could be read."""
    places = sorted(gathered.answers)
    if not places:
        raise JobError("nothing to score: none of the photographs could be read")
    answers = [gathered.answers[place] for place in places]
    truths = [examples.truth(place) for place in places]
    scores = task.score(answers, truths)
    loss = gathered.loss / len(places) if has_loss(task) else None
    finite = gathered.finite and (loss is None or math.isfinite(loss))
    return Evaluation(Evaluated(examples, places, answers, truths, scores), loss, finite)
