"""Classification: one label a photograph (sections 4.1 to 4.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mobilenets.architecture.layer import Layer
from mobilenets.architecture.tables import classifier
from mobilenets.data.audit import need_two_labels
from mobilenets.data.examples import Batch, Target
from mobilenets.data.imagenet_aliases import aliases
from mobilenets.data.photos import Collection, Photo
from mobilenets.data.sources import open_collection
from mobilenets.data.split import split_collection
from mobilenets.data.views import View
from mobilenets.data.wording import listed
from mobilenets.errors import UsageError
from mobilenets.maths.classification import calibration_error, confusion_matrix, hits, reliability
from mobilenets.maths.distillation import soft_cross_entropy
from mobilenets.maths.logistic import Linear, fit_logistic
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture
from mobilenets.tasks.classify_report import add_classification
from mobilenets.tasks.protocol import Answer, Evaluated, Scores, TaskSettings

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Classification:
    """The classes of one photograph by probability."""

    classes: Sequence[str]
    probabilities: NDArray[np.float32]

    def top(self, count: int = _SHOWN) -> list[tuple[str, float]]:
        """The most probable classes with their probabilities, best first."""
        best = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self.classes[place], float(self.probabilities[place])) for place in best]

    def record(self) -> dict[str, Any]:
        best = self.top()
        return {
            "label": best[0][0],
            "probability": round(best[0][1], 6),
            "top": [{"label": label, "probability": round(share, 6)} for label, share in best],
        }

    def line(self) -> str:
        return ", ".join(f"{label} {share:.1%}" for label, share in self.top(3))


@dataclass(frozen=True, slots=True)
class Labelled:
    """Photographs with the place of their class. `Examples` of classification."""

    photos: tuple[Photo, ...]
    labels: tuple[int, ...]

    def truth(self, place: int) -> int:
        return self.labels[place]

    def target(self, place: int, view: View) -> Target:
        return {"label": self.labels[place]}


@dataclass(frozen=True, slots=True)
class Classify:
    """The task with its classes, in the order of the network's outputs."""

    classes: tuple[str, ...]
    label_smoothing: float = 0.0
    name: str = "classify"

    @classmethod
    def open(cls, source: str) -> Collection:
        return open_collection(source)

    @classmethod
    def divide(cls, collection: Collection, *, fraction: float, seed: int) -> Collection:
        return split_collection(collection, fraction=fraction, seed=seed)

    @classmethod
    def learn(cls, collection: Collection, *, settings: TaskSettings) -> Self:
        """The classes are the labels of the training photographs, sorted."""
        labels = [one.label for one in collection.part("train")]
        remedy = ": give one sub-folder of photographs a label"
        need_two_labels(labels, where=f"train of {collection.name}", remedy=remedy)
        return cls(tuple(sorted({label for label in labels if label is not None})), settings.label_smoothing)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        classes = state.get("classes")
        if not isinstance(classes, list) or not all(isinstance(one, str) for one in classes) or not classes:
            raise UsageError("the checkpoint is of a classifier and lists no classes: its run.json is not whole")
        return cls(tuple(classes))

    def state(self) -> dict[str, Any]:
        return {"classes": list(self.classes)}

    @property
    def labels(self) -> Sequence[str]:
        return self.classes

    @property
    def exclusive(self) -> bool:
        return True

    def examples(self, collection: Collection, split: str) -> Labelled:
        """Labels are the classes, or their wnids and synonyms where the classes are ImageNet's.

        Raises `UsageError` for a label that is none of the classes.
        """
        number = {label: place for place, label in enumerate(self.classes)}
        chosen = [one for one in collection.examples if one.split == split and one.label is not None]
        if any(one.label not in number for one in chosen):
            number = aliases(self.classes) | number
        unknown = sorted({one.label for one in chosen if one.label and one.label not in number})
        if unknown:
            more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise UsageError(
                f"{split} of {collection.name} has the label {unknown[0]!r}{more}, which is none of the "
                f"{len(self.classes)} classes ({listed(self.classes)}): train with photographs of it or take it out"
            )
        return Labelled(
            tuple(one.photo for one in chosen), tuple(number[one.label] for one in chosen if one.label is not None)
        )

    def layers(self, architecture: Architecture) -> list[Layer]:
        body = architecture.body()
        return [*body, *classifier(body, len(self.classes))]

    def fit_head(
        self,
        features: Tensor,
        targets: Mapping[str, Tensor],
        *,
        groups: Tensor,
        seed: int,
        check: Callable[[], None],
    ) -> Linear:
        """Multinomial logistic regression."""
        labels = targets["label"].to(features.device)
        return fit_logistic(features, labels, classes=len(self.classes), groups=groups, seed=seed, check=check)

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy of (N, classes) logits."""
        return F.cross_entropy(outputs, batch.targets["label"], label_smoothing=self.label_smoothing)

    def distillation_loss(self, outputs: Tensor, wanted: Tensor, *, temperature: float) -> Tensor:
        """Divergence of the classes' probabilities from the teacher's, at a temperature and times its square."""
        return soft_cross_entropy(outputs, wanted, temperature=temperature)

    def agreement(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """Whether both find the same class the most probable."""
        return (outputs.argmax(1) == wanted.argmax(1)).float()

    def taught(self, wanted: Tensor) -> Mapping[str, Tensor]:
        return {"label": wanted.argmax(1)}

    def chosen(self, outputs: Tensor, columns: Tensor) -> Tensor:
        return outputs[:, columns]

    def watch(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        return {"top1": (outputs.argmax(1) == batch.targets["label"]).sum()}

    def answers(self, outputs: Tensor) -> list[Answer]:
        probabilities = outputs.float().softmax(1).cpu().numpy()
        return [Classification(self.classes, row) for row in probabilities]

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        """Top-1 and top-5, expected calibration error (15 bins), per class and confusion."""
        probabilities, labels = _arrays(answers, truths)
        matrix = confusion_matrix(labels, probabilities.argmax(1), classes=len(self.classes))
        figures = {"top1": float(hits(probabilities, labels, top=1).mean())}
        if len(self.classes) > _SHOWN:
            figures["top5"] = float(hits(probabilities, labels, top=_SHOWN).mean())
        figures["calibration_error"] = calibration_error(reliability(probabilities, labels))
        return Scores("top1", figures, self._details(matrix))

    def _details(self, matrix: NDArray[np.int64]) -> dict[str, Any]:
        counts = matrix.sum(1)
        per_class = {
            label: {"photographs": int(counts[place]), "top1": float(matrix[place, place] / counts[place])}
            for place, label in enumerate(self.classes)
            if counts[place]
        }
        return {"per_class": per_class, "confusion": matrix.tolist()}

    def report(self, page: Page, evaluated: Evaluated) -> None:
        probabilities, labels = _arrays(evaluated.answers, evaluated.truths)
        add_classification(page, evaluated, classes=self.classes, probabilities=probabilities, labels=labels)


def _arrays(answers: Sequence[Answer], truths: Sequence[object]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rows = [answer.probabilities for answer in answers if isinstance(answer, Classification)]
    return np.stack(rows), np.array(truths, dtype=np.int64)
