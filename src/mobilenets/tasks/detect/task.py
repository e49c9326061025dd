"""Detection: which things stand in a photograph, and where (section 4.6)."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from mobilenets.architecture.detectors.names import DetectorName, detector
from mobilenets.architecture.layer import Layer
from mobilenets.data.detection.dividing import divide_detection
from mobilenets.data.detection.objects import Objects
from mobilenets.data.detection.opening import open_detection
from mobilenets.data.examples import Batch
from mobilenets.data.photos import Collection
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.wording import listed
from mobilenets.errors import UsageError
from mobilenets.maths.boxes import CORNERS
from mobilenets.maths.suppression import Kept
from mobilenets.network.stages import Stages
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture, Detection
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.coco import check_evaluator
from mobilenets.tasks.detect.distil import agreement, chosen, distillation_loss
from mobilenets.tasks.detect.ending import Ending, Form
from mobilenets.tasks.detect.examples import Scenes
from mobilenets.tasks.detect.frameworks import FRAMEWORKS, Framework, guided_loss, kept_boxes
from mobilenets.tasks.detect.loss import Rows, rows_of
from mobilenets.tasks.detect.report import add_detection
from mobilenets.tasks.detect.scores import score_detections
from mobilenets.tasks.parts import Given
from mobilenets.tasks.protocol import Answer, Evaluated, Scores, TaskSettings

RESOLUTIONS = (64, 96, 128, 160, 192, 224, 256, 300, 320)
"""What a fit chooses from."""


@dataclass(frozen=True)
class Detect:
    """The task with its classes, in the order of the network's outputs, and the number of each in its data set.

    `settings` says which framework finds them, and how it learns; `form` what the outputs are that it reads.
    """

    classes: tuple[str, ...]
    numbers: tuple[int, ...]
    settings: Detection = field(default_factory=Detection)
    name: str = "detect"
    form: Form = "rows"

    @classmethod
    def open(cls, source: str) -> Collection:
        return open_detection(source)

    @classmethod
    def divide(cls, collection: Collection, *, fraction: float, seed: int) -> Collection:
        return divide_detection(collection, fraction=fraction, seed=seed)

    @classmethod
    def learn(cls, collection: Collection, *, settings: TaskSettings) -> Self:
        """The classes are those that training photographs have a box of, in the order of their numbers."""
        examples = collection.part("train")
        there = {label for one in examples if one.objects for label in one.objects.labels}
        if not there:
            raise UsageError(f"train of {collection.name} has no boxes: give COCO, Pascal VOC or YOLO annotations")
        known = {number: name for number, name in sorted(collection.categories.items()) if name in there}
        return cls(tuple(known.values()), tuple(known), settings.detection)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        names, numbers = state.get("classes"), state.get("numbers")
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names) or not names:
            raise UsageError("the checkpoint is a detector's and lists no classes: its run.json is not whole")
        if not isinstance(numbers, list) or len(numbers) != len(names):
            raise UsageError(
                "the checkpoint is a detector's and numbers its classes otherwise: its run.json is damaged"
            )
        form = state.get("form", "rows")
        if form not in typing.get_args(Form):
            raise UsageError(f"a detector's outputs of the form {form!r} are not known: export it anew")
        usual = Detection()
        settings = {name: state.get(name, getattr(usual, name)) for name in ("framework", "negatives")}
        return cls(tuple(names), tuple(numbers), Detection(**settings), form=form)

    def state(self) -> dict[str, Any]:
        return {
            "classes": list(self.classes),
            "numbers": list(self.numbers),
            "framework": self.settings.framework,
            "negatives": self.settings.negatives,
            **({} if self.learns else {"form": self.form}),
        }

    @property
    def learns(self) -> bool:
        """Whether the outputs that it reads are the network's own."""
        return self.form == "rows"

    @property
    def ending(self) -> Ending:
        """How what it reads ends."""
        return Ending(self.form, len(self.classes), self.settings.framework)

    def shipped(self, *, suppression: bool) -> Self:
        """The task that reads a file's outputs; see `Ending.of_file`."""
        return replace(self, form=self.ending.of_file(suppression=suppression).form)

    def tail(self) -> nn.Module | None:
        return self.ending.tail()

    def given(self, layers: Sequence[Layer]) -> Given:
        return self.ending.given(layers)

    def difference(self, made: NDArray[np.float32], right: NDArray[np.float32]) -> float:
        return self.ending.difference(made, right)

    @property
    def labels(self) -> Sequence[str]:
        return self.classes

    @property
    def exclusive(self) -> bool:
        return False

    @property
    def framework(self) -> Framework:
        """What its framework does in its own way."""
        return FRAMEWORKS[self.settings.framework]

    @cached_property
    def kinds(self) -> Mapping[str, int]:
        """The place of each class among the outputs."""
        return {name: place for place, name in enumerate(self.classes)}

    @property
    def resolutions(self) -> Sequence[int]:
        """Things in a photograph are smaller than the photograph; 300 is what SSD was published with."""
        return RESOLUTIONS

    def shown(self, preprocessing: Preprocessing) -> Preprocessing:
        """The whole photograph, squashed to a square: what is at its border is to be found too."""
        return replace(preprocessing, crop=1.0, squash=True, up=0.0)

    def examples(self, collection: Collection, split: str) -> Scenes:
        """The photographs that somebody looked through, also those where nothing stands.

        Raises `UsageError` where what scores them is not installed, and where none of the boxes is of a class that the
        model knows.
        """
        check_evaluator()
        looked = [one for one in collection.part(split) if one.objects is not None]
        objects = tuple(one.objects for one in looked if one.objects is not None)
        labels = {label for one in objects for label in one.labels}
        if labels and not labels & self.kinds.keys():
            raise UsageError(
                f"{split} of {collection.name} has boxes of {listed(sorted(labels))} and none of the "
                f"{len(self.classes)} of the model ({listed(list(self.classes))})"
            )
        return Scenes(tuple(one.photo for one in looked), objects, self.kinds)

    def layers(self, architecture: Architecture) -> list[Layer]:
        """A detector on the body of the architecture: for each box a score of every class and of the background."""
        name = DetectorName(self.settings.framework, architecture.family, architecture.width, architecture.resolution)
        laid = detector(
            name,
            classes=len(self.classes),
            min_depth=architecture.min_depth,
            padding=architecture.padding,
            activation=architecture.activation,
            norm=architecture.norm,
            epsilon=architecture.norm_epsilon,
        )
        return list(laid.layers)

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """The framework's, of (N, boxes, ...) outputs, as the network's last layer gives them."""
        return self.framework.loss(self._rows(outputs), batch.targets, self.settings)

    def guide(self, batch: Batch) -> Mapping[str, Tensor]:
        """The boxes and their kinds, where a second stage is to learn from boxes drawn by them."""
        return {name: batch.targets[name] for name in ("boxes", "kinds")} if self.framework.guided else {}

    def guided_loss(self, outputs: Stages, batch: Batch) -> Tensor:
        """That of both stages."""
        return guided_loss(outputs, batch.targets, classes=len(self.classes))

    def watch(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Nothing: to match the boxes again would cost more than it tells."""
        return {}

    def distillation_loss(self, outputs: Tensor, wanted: Tensor, *, temperature: float) -> Tensor:
        """`distil.distillation_loss` of the rows of both; sigmoids have no temperature."""
        return distillation_loss(self._rows(outputs), self._rows(wanted))

    def agreement(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """How far both see the same things at the same places."""
        return agreement(self._rows(outputs), self._rows(wanted))

    def taught(self, wanted: Tensor) -> Mapping[str, Tensor]:
        return {}

    def chosen(self, outputs: Tensor, columns: Tensor) -> Tensor:
        return chosen(rows_of(outputs, classes=outputs.shape[-1] - 1 - 2 * CORNERS), columns)

    def _rows(self, outputs: Tensor) -> Rows:
        return rows_of(outputs, classes=len(self.classes))

    def answers(self, outputs: Tensor) -> list[Answer]:
        """The boxes that suppression leaves, up to 100 a photograph, or 300 with Faster R-CNN."""
        if not self.learns:
            return [self._told(one) for one in self.ending.read(outputs)]
        return [self._told(one) for one in kept_boxes(self._rows(outputs), self.framework)]

    def _told(self, kept: Kept) -> Detections:
        return Detections(self.classes, kept.boxes.cpu().numpy(), kept.kinds.cpu().numpy(), kept.scores.cpu().numpy())

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        """`score_detections`: COCO's figures."""
        return score_detections(self.classes, *_both(answers, truths))

    def report(self, page: Page, evaluated: Evaluated) -> None:
        add_detection(page, evaluated, labels=self.classes)


def _both(answers: Sequence[Answer], truths: Sequence[object]) -> tuple[list[Detections], list[Objects]]:
    found = [one for one in answers if isinstance(one, Detections)]
    return found, [one for one in truths if isinstance(one, Objects)]
