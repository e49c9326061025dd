"""What a task learns from: photographs and, for each, its truth and its training targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from mobilenets.data.colours import photometric, recolour
from mobilenets.data.mosaic import Tile
from mobilenets.data.photos import Photo
from mobilenets.data.views import Distortion, Frame, View, random_view

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


@runtime_checkable
class ChoosesViews(Protocol):
    """Examples that choose what is seen of their photographs in training, by where things stand in them."""

    def view(self, place: int, frame: Frame, distortion: Distortion, random: np.random.Generator) -> View:
        """A view of the photograph; it follows from the arguments alone."""
        ...


@runtime_checkable
class Joins(Protocol):
    """Examples of which several can stand in one image."""

    def joined(self, tiles: Sequence[Tile], *, side: int) -> Target:
        """What the loss needs for a square image of `side` pixels, with the names and shapes that `target` gives."""
        ...


def view_of(examples: Examples, place: int, frame: Frame, distortion: Distortion, random: np.random.Generator) -> View:
    """A view as the examples choose it, or the usual one where they don't."""
    if isinstance(examples, ChoosesViews):
        return examples.view(place, frame, distortion, random)
    return random_view(frame.height, frame.width, distortion, random)


def joined(examples: Examples, tiles: Sequence[Tile], *, side: int) -> Target:
    """The target of a mosaic; mosaics are asked for only where the examples can be joined."""
    assert isinstance(examples, Joins)
    return examples.joined(tiles, side=side)


def notes_of(examples: Examples) -> tuple[str, ...]:
    """What has to be said of examples that say something of themselves (some were left out): their `notes`."""
    return tuple(getattr(examples, "notes", ()))


@dataclass(frozen=True, slots=True)
class Batch:
    """Photographs on their way to the network.

    `images` are (N, 3, H, W) bytes, channels last; `brightness` and `saturation` (N,), or None where colours stay;
    `contrast` and `hue` (N,), or None where these do; `targets` stacked by name; `places` (N,) say which examples
    these are (of a mosaic the first).
    """

    images: Tensor
    targets: dict[str, Tensor]
    places: Tensor
    brightness: Tensor | None = None
    saturation: Tensor | None = None
    contrast: Tensor | None = None
    hue: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)

    def map(self, change: "TensorMap") -> "Batch":
        """The same batch with every tensor changed (moved, pinned, cut)."""
        return Batch(
            change(self.images),
            {name: change(value) for name, value in self.targets.items()},
            change(self.places),
            *(
                None if colour is None else change(colour)
                for colour in (self.brightness, self.saturation, self.contrast, self.hue)
            ),
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
        if self.contrast is None or self.hue is None:
            return recolour(self.images, brightness=self.brightness, saturation=self.saturation)
        return photometric(
            self.images,
            brightness=self.brightness,
            contrast=self.contrast,
            saturation=self.saturation,
            hue=self.hue,
        )

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

    def view(self, place: int, frame: Frame, distortion: Distortion, random: np.random.Generator) -> View:
        return view_of(self.whole, self.places[place], frame, distortion, random)

    def joined(self, tiles: Sequence[Tile], *, side: int) -> Target:
        return joined(self.whole, [replace(tile, place=self.places[tile.place]) for tile in tiles], side=side)
