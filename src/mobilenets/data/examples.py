"""What a task learns from: photographs and, for each, its truth and its training targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mobilenets.data.photos import Photo
from mobilenets.data.views import View, recolour

Target = Mapping[str, np.ndarray | int | float]


class Examples(Protocol):
    """A data set as a task sees it. Targets may depend on the view (boxes follow the pixels)."""

    @property
    def photos(self) -> Sequence[Photo]: ...

    def truth(self, place: int) -> object:
        """What is known of a photograph, as `Task.score` takes it."""
        ...

    def target(self, place: int, view: View) -> Target:
        """What the loss needs for one view of a photograph: numbers and arrays by name."""
        ...


def notes_of(examples: Examples) -> tuple[str, ...]:
    """What has to be said of examples that say something of themselves (some were left out): their `notes`."""
    return tuple(getattr(examples, "notes", ()))


@dataclass(frozen=True, slots=True)
class Batch:
    """Photographs on their way to the network.

    `images` are (N, 3, H, W) bytes, channels last; `brightness` and `saturation` (N,), or None where colours stay;
    `targets` stacked by name; `places` (N,) say which examples these are.
    """

    images: Tensor
    targets: dict[str, Tensor]
    places: Tensor
    brightness: Tensor | None = None
    saturation: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)

    def map(self, change: "TensorMap") -> "Batch":
        """The same batch with every tensor changed (moved, pinned, cut)."""
        return Batch(
            change(self.images),
            {name: change(value) for name, value in self.targets.items()},
            change(self.places),
            None if self.brightness is None else change(self.brightness),
            None if self.saturation is None else change(self.saturation),
        )

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        return self.map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "Batch":
        """The batch in memory that a GPU can read while it computes (called by the loader)."""
        return self.map(lambda tensor: tensor.pin_memory())

    def coloured(self) -> Tensor:
        """The images in the colours of their views: (N, 3, H, W) values in [0, 255], floats where colours change."""
        if self.brightness is None or self.saturation is None:
            return self.images
        return recolour(self.images, brightness=self.brightness, saturation=self.saturation)

    def parts(self, count: int) -> list["Batch"]:
        """The batch in up to `count` parts of about the same size, in order."""
        cuts = [(len(self) * part // count, len(self) * (part + 1) // count) for part in range(count)]
        return [self.map(lambda tensor, low=low, high=high: tensor[low:high]) for low, high in cuts if high > low]


class TensorMap(Protocol):
    """A change of one tensor."""

    def __call__(self, tensor: Tensor, /) -> Tensor: ...


@dataclass(frozen=True)
class Chosen:
    """Some of a data set's examples, in the order of `places`."""

    whole: Examples
    places: Sequence[int]

    @cached_property
    def photos(self) -> Sequence[Photo]:
        return [self.whole.photos[place] for place in self.places]

    def truth(self, place: int) -> object:
        return self.whole.truth(self.places[place])

    def target(self, place: int, view: View) -> Target:
        return self.whole.target(self.places[place], view)
