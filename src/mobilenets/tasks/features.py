"""Features: what a network without a head sees in a photograph, one vector each. Learns nothing, scores nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mobilenets.architecture.layer import Layer
from mobilenets.architecture.rows import GlobalAveragePool
from mobilenets.architecture.tables import extend
from mobilenets.data.examples import Batch, Examples
from mobilenets.data.photos import Collection
from mobilenets.data.sources import open_collection
from mobilenets.data.split import split_collection
from mobilenets.errors import UsageError
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture
from mobilenets.tasks.protocol import Answer, Evaluated, Scores, TaskSettings

_DIGITS = 6
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class FeatureVector:
    """The pooled features of one photograph, (channels,)."""

    values: NDArray[np.float32]

    def record(self) -> dict[str, Any]:
        return {"dimension": len(self.values), "features": [round(float(value), _DIGITS) for value in self.values]}

    def line(self) -> str:
        first = ", ".join(f"{value:.3f}" for value in self.values[:_SHOWN])
        return f"{len(self.values)} features: {first}, ..."


@dataclass(frozen=True, slots=True)
class Features:
    """The task of published weights without a classifier, and of any network whose features are wanted."""

    name: str = "features"

    @classmethod
    def open(cls, source: str) -> Collection:
        return open_collection(source)

    @classmethod
    def divide(cls, collection: Collection, *, fraction: float, seed: int) -> Collection:
        return split_collection(collection, fraction=fraction, seed=seed)

    @classmethod
    def learn(cls, collection: Collection, *, settings: TaskSettings) -> Self:  # noqa: ARG003 (the protocol's)
        """Raises `UsageError`: there is nothing to learn."""
        raise UsageError("--task features learns nothing: train another task with --weights of these features")

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:  # noqa: ARG003 (the protocol's)
        return cls()

    def state(self) -> dict[str, Any]:
        return {}

    def examples(self, collection: Collection, split: str) -> Examples:
        """Raises `UsageError`: no photograph has a true vector."""
        raise UsageError(
            "the model gives features and no answers, so there is nothing to score: "
            "train a classifier on it with `mobilenets train --weights`"
        )

    def layers(self, architecture: Architecture) -> list[Layer]:
        body = architecture.body()
        return [*body, *extend(body, [GlobalAveragePool(name="pool")])]

    def answers(self, outputs: Tensor) -> list[Answer]:
        return [FeatureVector(row) for row in outputs.float().cpu().numpy()]

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        _nothing("loss")

    def watch(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        _nothing("figures to follow")

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        _nothing("score")

    def report(self, page: Page, evaluated: Evaluated) -> None:
        _nothing("report")


def _nothing(what: str) -> NoReturn:
    raise UsageError(f"features have no {what}: they are neither trained nor scored")
