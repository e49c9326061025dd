"""What a task may say beside the protocol: optional parts, each asked for where it is used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from mobilenets.architecture.layer import Layer
from mobilenets.data.examples import Batch, Examples
from mobilenets.data.preprocess import Preprocessing
from mobilenets.maths.logistic import Linear
from mobilenets.network.stages import Stages
from mobilenets.tasks.protocol import Answer, Evaluated


@runtime_checkable
class Placed(Protocol):
    """An answer that says where things are: it is told how large the photograph is before the user is told anything."""

    def placed(self, size: tuple[int, int]) -> Answer:
        """The answer for a photograph of so many pixels: its upright height and width."""
        ...


@runtime_checkable
class FitsHead(Protocol):
    """A task whose network ends in one fully connected layer, which can be found at once for features that stay.

    A task without `fit_head` has no such first stage: its head learns with the rest of the network.
    """

    def fit_head(
        self,
        features: Tensor,
        targets: Mapping[str, Tensor],
        *,
        groups: Tensor,
        seed: int,
        check: Callable[[], None],
    ) -> Linear:
        """The best last layer for (N, channels) features with their targets, stacked as in `Batch`.

        `groups` (N,) are the same for rows that show the same photograph. `check` is called now and then and raises
        where the user wants to stop. The result follows from the rest alone.
        """
        ...


@runtime_checkable
class Distils(Protocol):
    """A task that says how a student's outputs are compared with its teacher's, of the same shape in the same order.

    Without it named outputs are compared as probabilities, those of a vector by their squared difference, and a head is
    not found first where photographs have no labels.
    """

    def distillation_loss(self, outputs: Tensor, wanted: Tensor, *, temperature: float) -> Tensor:
        """How far the outputs are from those of the teacher: a scalar, the mean over the photographs.

        Its gradient is about as large as that of `loss`, whatever the temperature.
        """
        ...

    def agreement(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """(N,) how far student and teacher say the same, at most 1: the score where there are no labels."""
        ...

    def taught(self, wanted: Tensor) -> Mapping[str, Tensor]:
        """The targets that a teacher's outputs stand for, as `fit_head` takes them; empty without `fit_head`."""
        ...

    def chosen(self, outputs: Tensor, columns: Tensor) -> Tensor:
        """Of a teacher that knows more, the outputs of the classes at `columns`, in that order."""
        ...


@runtime_checkable
class OrdersPhotographs(Protocol):
    """A task whose loss compares the photographs of a batch, and which says for that which of them stand together.

    Such a loss is a mean over what is compared. Each process, and each part of a step that is worked in parts, compares
    the photographs that it has itself: neighbours in the order stay together.
    """

    def order(self, examples: Examples, *, batch: int, random: np.random.Generator) -> NDArray[np.int64]:
        """The places of all examples, each once, to be cut into steps of `batch`; it follows from `random` alone."""
        ...


@runtime_checkable
class NamesOutputs(Protocol):
    """A task whose outputs are logits of things with names, one each: an artefact lists them in `labels.txt`."""

    @property
    def labels(self) -> Sequence[str]:
        """The names, in the order of the outputs."""
        ...

    @property
    def exclusive(self) -> bool:
        """Whether one of them is true (softmax), or each by itself (sigmoid)."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """What a file gives for one image: its shape, and in words what the numbers are."""

    shape: tuple[int, ...]
    words: str


@runtime_checkable
class Ships(Protocol):
    """A task whose file gives something else than its network's outputs: a `tail` stands behind the network.

    What reads the network's outputs and what reads such a file's are two of it; `restore` makes either from its state.
    """

    @property
    def learns(self) -> bool:
        """Whether it reads the network's outputs, which alone have a loss."""
        ...

    def shipped(self, *, suppression: bool) -> Self:
        """The task that reads a file's outputs; `suppression` says whether the file can suppress boxes itself.

        Raises `UsageError` where such a file cannot be.
        """
        ...

    def tail(self) -> nn.Module | None:
        """What makes of the network's outputs those that it reads; None where it reads the network's."""
        ...

    def given(self, layers: Sequence[Layer]) -> Given:
        """What the file of a network of these layers gives."""
        ...

    def difference(self, made: NDArray[np.float32], right: NDArray[np.float32]) -> float:
        """How far a file's outputs are from the right ones, both (N, ...), where 1 is as far as can be.

        Infinite where they are not finite.
        """
        ...


@runtime_checkable
class Shows(Protocol):
    """A task that photographs are shown to in its own way, whatever is usual."""

    def shown(self, preprocessing: Preprocessing) -> Preprocessing:
        """What is usual, changed to its way."""
        ...


@runtime_checkable
class Guides(Protocol):
    """A task whose network has to know what it is to find while it learns: its second stage looks at what its first
    proposes, which at first is nothing worth looking at, and a few of these are drawn by the truth.

    In evaluation the network sees photographs alone, and its outputs are those of `loss` and `answers`.
    """

    def guide(self, batch: Batch) -> Mapping[str, Tensor]:
        """What the network is told beside a batch's images; nothing where it sees photographs alone in learning too."""
        ...

    def guided_loss(self, outputs: Stages, batch: Batch) -> Tensor:
        """What is minimised of such a network's outputs: a scalar, the mean over the batch's photographs.

        `watch` is shown the outputs of the second stage.
        """
        ...


@runtime_checkable
class Locates(Protocol):
    """A task whose answers are `Detections`."""

    @property
    def classes(self) -> Sequence[str]:
        """The kinds of things that it finds, in the order of its outputs."""
        ...

    @property
    def numbers(self) -> Sequence[int]:
        """What each of them is numbered in the data set that it was learnt from."""
        ...


@runtime_checkable
class Resolves(Protocol):
    """A task that photographs are usually shown to at other resolutions than the paper's classifiers."""

    @property
    def resolutions(self) -> Sequence[int]:
        """In pixels, ascending."""
        ...


@runtime_checkable
class Votes(Protocol):
    """A task whose answer can be a vote among photographs whose truth is known: retrieval, beside the network."""

    def vote(self, truths: Sequence[object], weights: NDArray[np.float64]) -> Answer:
        """The answer that the truths of the nearest photographs make, nearest first; `weights` (N,) are positive."""
        ...


@runtime_checkable
class Settles(Protocol):
    """A task that only its answers on held-out photographs complete (by a threshold, say)."""

    def settle(self, evaluated: "Evaluated") -> Self:
        """The task with what these answers tell."""
        ...

    def bare(self) -> Self:
        """The task with nothing but what its head's weights depend on."""
        ...
