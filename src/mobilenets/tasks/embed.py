"""Embeddings: photographs of one person near each other on the unit sphere, of two people far apart (section 4.7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mobilenets.architecture.layer import Layer
from mobilenets.architecture.tables import embedder
from mobilenets.data.examples import Batch, Examples
from mobilenets.data.pairs import PAIRS, only_paired, with_pairs
from mobilenets.data.photos import Collection
from mobilenets.data.split import split_labels
from mobilenets.data.together import together
from mobilenets.errors import JobError
from mobilenets.files import expanded
from mobilenets.maths.triplets import Triplets, semi_hard_triplets
from mobilenets.maths.verification import Pairs, all_pairs, area_under_curve, equal_error_rate
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture, Embedding
from mobilenets.settings import from_json, to_json
from mobilenets.tasks.embed_rates import Threshold, check_far, chosen, pairs_score, rates
from mobilenets.tasks.embed_report import add_embedding
from mobilenets.tasks.people import Person, Portraits, alone, check_people, numbered, open_people
from mobilenets.tasks.protocol import Answer, Evaluated, Scores, TaskSettings

_DIGITS = 6
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Vector:
    """The embedding of one photograph, (dimension,), of length one."""

    values: NDArray[np.float32]

    def record(self) -> dict[str, Any]:
        return {"dimension": len(self.values), "embedding": [round(float(value), _DIGITS) for value in self.values]}

    def line(self) -> str:
        first = ", ".join(f"{value:.3f}" for value in self.values[:_SHOWN])
        return f"embedding of {len(self.values)}: {first}, ..."


@dataclass(frozen=True, slots=True)
class Embed:
    """The task: what its vectors are and, once held-out photographs have set it, the threshold to compare them by."""

    settings: Embedding = field(default_factory=Embedding)
    threshold: Threshold | None = None
    name: str = "embed"

    @classmethod
    def open(cls, source: str) -> Collection:
        """As for other tasks, a label being a person; LFW's `pairs.txt` in the folder is read too.

        A source that is such a file is the photographs of its folder that it names.
        """
        path = expanded(source)
        if path.suffix.lower() == ".txt" and path.is_file():
            return only_paired(with_pairs(open_people(str(path.parent)), path))
        collection = open_people(source)
        return with_pairs(collection, path / PAIRS) if (path / PAIRS).is_file() else collection

    @classmethod
    def divide(cls, collection: Collection, *, fraction: float, seed: int) -> Collection:
        """Whole people are held out: faces have to be told apart that the network never saw."""
        divided = split_labels(collection, fraction=fraction, seed=seed)
        note = alone(one.label for one in divided.examples)
        return replace(divided, notes=(*divided.notes, note)) if note else divided

    @classmethod
    def learn(cls, collection: Collection, *, settings: TaskSettings) -> Self:
        """Raises `UsageError` where there are no people to learn from, or too few held out for the FAR asked for."""
        check_people([one.label for one in collection.part("train")], where=f"train of {collection.name}")
        far = settings.embedding.far
        if far is not None:
            held_out = collection.part("val") or collection.part("test")
            check_far(far, [one.label for one in held_out], where=f"what is held out of {collection.name}")
        return cls(settings.embedding)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        given = dict(state)
        threshold = given.pop("threshold", None)
        known = None if threshold is None else from_json(Threshold, threshold, where="threshold")
        return cls(from_json(Embedding, given, where="embedding"), known)

    def state(self) -> dict[str, Any]:
        return {**to_json(self.settings), "threshold": None if self.threshold is None else to_json(self.threshold)}

    def examples(self, collection: Collection, split: str) -> Portraits:
        """Raises `UsageError` where all photographs are of one person, or no two are."""
        labelled = tuple(one for one in collection.examples if one.split == split and one.label is not None)
        if labelled:
            check_people([one.label for one in labelled], where=f"{split} of {collection.name}")
        return Portraits(labelled, collection.pairs)

    def order(self, examples: Examples, *, batch: int, random: np.random.Generator) -> NDArray[np.int64]:
        """`settings.together` photographs of a person one behind the other."""
        people = numbered(one.person for one in _persons(map(examples.truth, range(len(examples.photos)))))
        return together(people, size=self.settings.together, batch=batch, random=random)

    def layers(self, architecture: Architecture) -> list[Layer]:
        body = architecture.body()
        return [*body, *embedder(body, self.settings.dimension)]

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """The triplet loss of (N, dimension) unit vectors, with semi-hard negatives among these photographs."""
        return self._triplets(outputs, batch).loss

    def watch(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """`anchors`: how many photographs had a semi-hard negative to learn from."""
        return {"anchors": self._triplets(outputs, batch).anchors}

    def _triplets(self, outputs: Tensor, batch: Batch) -> Triplets:
        return semi_hard_triplets(outputs, batch.targets["person"], margin=self.settings.margin)

    def answers(self, outputs: Tensor) -> list[Answer]:
        return [Vector(row) for row in outputs.float().cpu().numpy()]

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        """Over all pairs the area under the ROC, the equal error rate, and VAL at every FAR there are pairs for.

        Beside them the accuracy by the protocol of LFW, where its pairs are all there. Raises `JobError` where no two
        photographs, or all of them, are of one person.
        """
        pairs = _all_pairs(answers, truths)
        figures = {"auc": area_under_curve(pairs), "equal_error_rate": equal_error_rate(pairs)}
        details = rates(pairs, asked=self.settings.far)
        listed = pairs_score(_vectors(answers), _persons(truths))
        if listed:
            figures["lfw_accuracy"] = listed["accuracy"]
            details["pairs"] = {"lfw": listed}
        return Scores("auc", figures, details)

    def settle(self, evaluated: Evaluated) -> Self:
        """With the threshold of the FAR asked for, unset of the smallest that the pairs allow; none without pairs."""
        table = evaluated.scores.details["val_at_far"]
        return replace(self, threshold=chosen(table, asked=self.settings.far))

    def bare(self) -> Self:
        return type(self)(Embedding(dimension=self.settings.dimension))

    def report(self, page: Page, evaluated: Evaluated) -> None:
        add_embedding(page, evaluated.scores, _all_pairs(evaluated.answers, evaluated.truths))


def _persons(truths: Iterable[object]) -> list[Person]:
    return [truth for truth in truths if isinstance(truth, Person)]


def _vectors(answers: Sequence[Answer]) -> NDArray[np.float32]:
    return np.stack([answer.values for answer in answers if isinstance(answer, Vector)])


def _all_pairs(answers: Sequence[Answer], truths: Sequence[object]) -> Pairs:
    pairs = all_pairs(_vectors(answers), numbered(one.person for one in _persons(truths)))
    if not len(pairs.same) or not len(pairs.different):
        raise JobError("nothing to compare: of the photographs that could be read all, or no two, are of one person")
    return pairs
