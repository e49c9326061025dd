"""The one evaluator: any task, any model, on examples."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mobilenets.data.examples import Batch, Examples
from mobilenets.errors import JobError
from mobilenets.tasks.protocol import Answer, Evaluated, Task


@dataclass(slots=True)
class Gathered:
    """What a pass over examples brings together: answers by place, and the loss over them."""

    answers: dict[int, Answer] = field(default_factory=dict)
    loss: float = 0.0

    def add(self, task: Task, outputs: Tensor, batch: Batch) -> None:
        """Take in one batch."""
        self.loss += float(task.loss(outputs, batch)) * len(batch)
        self.answers.update(zip(batch.places.tolist(), task.answers(outputs), strict=True))

    def merge(self, other: "Gathered") -> None:
        """Take in what another process gathered."""
        self.answers.update(other.answers)
        self.loss += other.loss


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
    """How a model did: the answers with their scores, and the mean loss."""

    evaluated: Evaluated
    loss: float


def evaluate(task: Task, examples: Examples, gathered: Gathered) -> Evaluation:
    """Score what was gathered, in the order of the examples. Raises `JobError` where no photograph could be read."""
    places = sorted(gathered.answers)
    if not places:
        raise JobError("nothing to score: none of the photographs could be read")
    answers = [gathered.answers[place] for place in places]
    truths = [examples.truth(place) for place in places]
    scores = task.score(answers, truths)
    return Evaluation(Evaluated(examples, places, answers, truths, scores), gathered.loss / len(places))
