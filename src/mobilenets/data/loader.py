"""Batches in a fixed order: which photographs make which step is a function of (seed, epoch) alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from mobilenets.data.cache import Pixels
from mobilenets.data.examples import Batch, Examples, Target
from mobilenets.data.photos import BadImage
from mobilenets.data.preprocess import Box
from mobilenets.data.views import Array, Distortion, View, cut, generator, random_view


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of every batch a process works on."""

    rank: int = 0
    world: int = 1


@dataclass(frozen=True, slots=True)
class Pick:
    """One step's photographs: their places, in the epoch they are seen in."""

    epoch: int
    places: tuple[int, ...]


def training_picks(count: int, *, batch: int, seed: int, epoch: int, share: Share = Share()) -> list[Pick]:
    """The steps of one epoch: a seeded permutation cut into whole batches, this process's part of each.

    A remainder that fills no batch is left for other epochs; a set smaller than a batch is one batch.
    """
    order = np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(count)
    size = min(batch, count)
    steps = [order[start : start + size] for start in range(0, count - size + 1, size)]
    return [Pick(epoch, tuple(int(place) for place in step[share.rank :: share.world])) for step in steps]


def evaluation_picks(count: int, *, batch: int, share: Share = Share()) -> list[Pick]:
    """Every photograph once, in order."""
    mine = range(share.rank, count, share.world)
    return [Pick(0, tuple(mine[start : start + batch])) for start in range(0, len(mine), batch)]


@dataclass
class Batches(Dataset[Batch]):
    """Makes the batch of a pick. Photographs that cannot be read are left out of it.

    `distortion` None shows each photograph as it stands in `pixels` (evaluation).
    """

    examples: Examples
    pixels: Pixels
    resolution: int
    distortion: Distortion | None = None
    seed: int = 0
    threads: int = 1
    _pool: ThreadPoolExecutor | None = field(default=None, repr=False)

    def __getitem__(self, pick: Pick) -> Batch:
        looked = self._map(lambda place: self._look(place, pick.epoch), pick.places)
        seen = [one for one in looked if one is not None]
        return _stack(seen, colour=self.distortion is not None and self.distortion.colour, side=self.resolution)

    def _look(self, place: int, epoch: int) -> "_Seen | None":
        try:
            photograph = self.pixels[place]
        except BadImage:
            return None
        view = self._view(photograph, place, epoch)
        image = cut(photograph, view.box, height=self.resolution, width=self.resolution)
        if view.mirrored:
            image = image.flip(-1)
        return _Seen(place, image, view, self.examples.target(place, view))

    def _view(self, photograph: Array, place: int, epoch: int) -> View:
        height, width = photograph.shape[:2]
        if self.distortion is None:
            return View(Box(0, 0, height, width))
        return random_view(height, width, self.distortion, generator(seed=self.seed, epoch=epoch, index=place))

    def _map(self, work: "Callable[[int], _Seen | None]", places: Sequence[int]) -> "Iterator[_Seen | None]":
        if self.threads < 2:
            return map(work, places)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads)
        return self._pool.map(work, places)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_pool": None}


@dataclass(frozen=True, slots=True)
class _Seen:
    place: int
    image: torch.Tensor
    view: View
    target: Target


def _stack(seen: Sequence[_Seen], *, colour: bool, side: int) -> Batch:
    images = torch.empty((len(seen), 3, side, side), dtype=torch.uint8, memory_format=torch.channels_last)
    for row, one in enumerate(seen):
        images[row] = one.image
    names = seen[0].target if seen else ()
    targets = {name: torch.from_numpy(np.stack([np.asarray(one.target[name]) for one in seen])) for name in names}
    return Batch(
        images,
        targets,
        torch.tensor([one.place for one in seen], dtype=torch.int64),
        torch.tensor([one.view.brightness for one in seen], dtype=torch.float32) if colour else None,
        torch.tensor([one.view.saturation for one in seen], dtype=torch.float32) if colour else None,
    )


def load(batches: Batches, picks: Sequence[Pick], *, workers: int = 0, pin: bool = False) -> Iterator[Batch]:
    """The batches of `picks` in order, made by `workers` processes ahead of time or, with 0, when asked for."""
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=picks,  # type: ignore[arg-type]
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=4 if workers else None,
    )
    return iter(loader)
