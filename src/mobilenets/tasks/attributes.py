"""Attributes: many yes-or-no labels a photograph (section 4.5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mobilenets.architecture.layer import Layer
from mobilenets.architecture.tables import classifier
from mobilenets.data.answers import NO, YES
from mobilenets.data.attributes import divide_attributes, open_attributes
from mobilenets.data.examples import Batch, Target
from mobilenets.data.photos import Collection, Example, Photo
from mobilenets.data.views import View
from mobilenets.data.wording import listed
from mobilenets.errors import UsageError
from mobilenets.maths.logistic import Linear, fit_logistic
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture
from mobilenets.tasks.attributes_report import add_attributes
from mobilenets.tasks.attributes_scores import HALF, Truths, has_both, score_attributes, why_not
from mobilenets.tasks.protocol import Answer, Evaluated, Scores, TaskSettings

_SHOWN = 5
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class AttributeAnswer:
    """The probability (attributes,) that each attribute is true of one photograph."""

    attributes: Sequence[str]
    probabilities: NDArray[np.float32]

    def record(self) -> dict[str, Any]:
        shares = [round(float(share), _DIGITS) for share in self.probabilities]
        return {"attributes": dict(zip(self.attributes, shares, strict=True))}

    def line(self) -> str:
        """The attributes that are rather true than not, the most probable first."""
        order = np.argsort(-self.probabilities, kind="stable")
        said = [f"{self.attributes[place]} {self.probabilities[place]:.1%}" for place in order]
        true = int((self.probabilities >= HALF).sum())
        return listed(said[:true], most=_SHOWN) if true else f"none (highest: {said[0]})"


@dataclass(frozen=True, slots=True)
class Known:
    """Photographs with what is known of their attributes, a row each. `Examples` of attributes."""

    photos: tuple[Photo, ...]
    known: Truths

    def truth(self, place: int) -> Truths:
        return self.known[place]

    def target(self, place: int, view: View) -> Target:
        return {"yes": self.known[place]}


@dataclass(frozen=True, slots=True)
class Attributes:
    """The task with its attributes, in the order of the network's outputs."""

    attributes: tuple[str, ...]
    label_smoothing: float = 0.0
    name: str = "attributes"

    @classmethod
    def open(cls, source: str) -> Collection:
        return open_attributes(source)

    @classmethod
    def divide(cls, collection: Collection, *, fraction: float, seed: int) -> Collection:
        return divide_attributes(collection, fraction=fraction, seed=seed)

    @classmethod
    def learn(cls, collection: Collection, *, settings: TaskSettings) -> Self:
        """The attributes are those that the training photographs know; each needs both a yes and a no among them."""
        examples = collection.part("train")
        attributes = tuple(dict.fromkeys(name for example in examples for name in example.fields))
        where = f"train of {collection.name}"
        if not attributes:
            raise UsageError(f"{where} says nothing of any attribute: give a table with a column for each")
        known = _known(examples, attributes)
        for name, column in zip(attributes, known.T, strict=True):
            if not has_both(column):
                raise UsageError(f"{where}: {name} {why_not(column)}: both yes and no are needed, or take it out")
        return cls(attributes, settings.label_smoothing)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        names = state.get("attributes")
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names) or not names:
            raise UsageError("the checkpoint is of attributes and lists none: its run.json is not whole")
        return cls(tuple(names))

    def state(self) -> dict[str, Any]:
        return {"attributes": list(self.attributes)}

    @property
    def labels(self) -> Sequence[str]:
        return self.attributes

    @property
    def exclusive(self) -> bool:
        return False

    def examples(self, collection: Collection, split: str) -> Known:
        """The photographs of which something is known.

        Raises `UsageError` where the collection has none of the attributes, or none that is now a yes and now a no.
        """
        chosen = collection.part(split)
        there = dict.fromkeys(name for example in chosen for name in example.fields)
        if chosen and not any(name in there for name in self.attributes):
            raise UsageError(
                f"{split} of {collection.name} has the attributes {listed(list(there))} and none of the "
                f"{len(self.attributes)} of the model ({listed(self.attributes)})"
            )
        known = _known(chosen, self.attributes)
        rows = np.flatnonzero(~np.isnan(known).all(1))
        if len(rows) and not any(has_both(column) for column in known.T):
            raise UsageError(
                f"{split} of {collection.name} has no attribute with both a yes and a no: nothing can be scored on it"
            )
        return Known(tuple(chosen[row].photo for row in rows), known[rows])

    def layers(self, architecture: Architecture) -> list[Layer]:
        body = architecture.body()
        return [*body, *classifier(body, len(self.attributes))]

    def fit_head(
        self,
        features: Tensor,
        targets: Mapping[str, Tensor],
        *,
        groups: Tensor,
        seed: int,
        check: Callable[[], None],
    ) -> Linear:
        """Logistic regression for each attribute, on the photographs of which it is known.

        The penalty is the median of those that were chosen for each.
        """
        yes = targets["yes"].to(features.device)
        found = []
        for column in yes.T:
            rows = ~column.isnan()
            labels, shown = column[rows].round().long(), features[rows]
            if len(labels.unique()) > 1:
                found.append(fit_logistic(shown, labels, classes=2, groups=groups[rows.cpu()], seed=seed, check=check))
            else:  # Photographs that cannot be read may leave nothing to tell apart.
                zero = features.new_zeros(2, features.shape[1])
                found.append(Linear(zero, zero[:, 0], 0.0))
        weight = torch.stack([one.weight[1] - one.weight[0] for one in found])
        bias = torch.stack([one.bias[1] - one.bias[0] for one in found])
        return Linear(weight, bias, float(np.median([one.penalty for one in found])))

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Binary cross-entropy of (N, attributes) logits, averaged over the attributes.

        What is not known adds nothing. Targets between no and yes (a teacher's probabilities) are taken as they are.
        """
        yes = batch.targets["yes"]
        known = ~yes.isnan()
        wanted = torch.where(known, yes, HALF) * (1 - self.label_smoothing) + self.label_smoothing / 2
        each = F.binary_cross_entropy_with_logits(outputs.float(), wanted, reduction="none")
        return (each * known).mean()

    def watch(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        yes = batch.targets["yes"]
        known = ~yes.isnan()
        right = ((outputs >= 0) == (yes >= HALF)) & known
        return {"accuracy": (right.sum(1) / known.sum(1).clamp_min(1)).sum()}

    def answers(self, outputs: Tensor) -> list[Answer]:
        probabilities = outputs.float().sigmoid().cpu().numpy()
        return [AttributeAnswer(self.attributes, row) for row in probabilities]

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        """`score_attributes`: the mean of average precisions, and of accuracies."""
        return score_attributes(self.attributes, *_arrays(answers, truths))

    def report(self, page: Page, evaluated: Evaluated) -> None:
        probabilities, known = _arrays(evaluated.answers, evaluated.truths)
        add_attributes(page, evaluated, attributes=self.attributes, probabilities=probabilities, known=known)


def _known(examples: Sequence[Example], attributes: Sequence[str]) -> Truths:
    number = {YES: 1.0, NO: 0.0}
    rows = [[number.get(example.fields.get(name, ""), np.nan) for name in attributes] for example in examples]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(attributes))


def _arrays(answers: Sequence[Answer], truths: Sequence[object]) -> tuple[NDArray[np.float32], Truths]:
    rows = [answer.probabilities for answer in answers if isinstance(answer, AttributeAnswer)]
    return np.stack(rows), np.array(truths, dtype=np.float32)
