"""What a task is: what it learns from, how the network ends, what it minimises, what it tells, how it is scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from torch import Tensor

from mobilenets.architecture.layer import Layer
from mobilenets.data.examples import Batch, Examples
from mobilenets.data.photos import Collection
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture, Detection, Embedding, Geocells


class Answer(Protocol):
    """What a task tells of one photograph."""

    def record(self) -> dict[str, Any]:
        """The answer as plain data, for --json and --csv: short names, rounded numbers."""
        ...

    def line(self) -> str:
        """The answer in a few words, for the table."""
        ...


@dataclass(frozen=True, slots=True)
class Scores:
    """How good answers are: `headline` names the figure that is followed, higher is better; `details` are parts of
    the whole (one entry a class, say) as plain data; `notes` say what is not part of a figure, and why.
    """

    headline: str
    figures: Mapping[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Task(Protocol):
    """One application. `TASKS` lists them; `docs` and `ARCHITECTURE.md` say how to add one."""

    @property
    def name(self) -> str:
        """The word for `--task`."""
        ...

    @classmethod
    def open(cls, source: str) -> Collection:
        """The photographs that `source` names, with what this task has to know of each.

        Raises `UsageError` and `JobError` as `open_collection` does.
        """
        ...

    @classmethod
    def divide(cls, collection: Collection, *, fraction: float, seed: int) -> Collection:
        """The collection with about `fraction` of its photographs held out as val; as it is where it has splits.

        Which ones follows from the seed and what the collection says of them alone.
        """
        ...

    @classmethod
    def learn(cls, collection: Collection, *, settings: "TaskSettings") -> Self:
        """The task that a collection poses (its classes, ...). Raises `UsageError` where it poses none."""
        ...

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The task of a checkpoint, from what `state` gave. Raises `UsageError` where that is not its own."""
        ...

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON data."""
        ...

    def examples(self, collection: Collection, split: str) -> Examples:
        """What is learnt from, or scored on, in one split of the collection."""
        ...

    def layers(self, architecture: Architecture) -> list[Layer]:
        """The network: the body of an architecture, and how it ends.

        Raises `UsageError` where the body cannot end so.
        """
        ...

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """What is minimised: a scalar, the mean over the batch's photographs, or over what stands in them."""
        ...

    def watch(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Figures followed on training batches: sums over the photographs, cheap, on the outputs' device."""
        ...

    def answers(self, outputs: Tensor) -> list[Answer]:
        """What the user is told: one answer a photograph."""
        ...

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        """How good answers are."""
        ...

    def report(self, page: Page, evaluated: "Evaluated") -> None:
        """Add this task's tables and pictures to the page of a run."""
        ...


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """What a run may ask of a task; each takes what concerns it."""

    label_smoothing: float = 0.0
    geocells: Geocells = field(default_factory=Geocells)
    embedding: Embedding = field(default_factory=Embedding)
    detection: Detection = field(default_factory=Detection)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A network's answers on examples, with what is needed to show them."""

    examples: Examples
    places: Sequence[int]
    answers: Sequence[Answer]
    truths: Sequence[object]
    scores: Scores
