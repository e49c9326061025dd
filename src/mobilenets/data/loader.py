"""Batches in a fixed order: which photographs make which step is a function of (seed, epoch) alone."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mobilenets.data.examples import Batch, Examples
from mobilenets.data.looking import Looking, Seen
from mobilenets.data.reading import Pixels
from mobilenets.data.views import Array, Distortion, generator
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")
Order = Callable[[np.random.Generator], NDArray[np.int64]]

# No photograph has this place: its random numbers are those of the order.
_ORDER = 2**64 - 1
_GROUPS = 4


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


def training_picks(
    count: int, *, batch: int, seed: int, epoch: int, share: Share = Share(), order: Order | None = None
) -> list[Pick]:
    """The steps of one epoch: a seeded permutation cut into whole batches, this process's part of each.

    A remainder that fills no batch is left for other epochs; a set smaller than a batch is one batch. An `order` makes
    the permutation from a seeded generator; neighbours in it then stay in one process. Raises `UsageError` where there
    is no photograph for some process.
    """
    if count < share.world:
        raise UsageError(
            f"{counted(count, 'photograph')} to learn from and {share.world} at work: "
            f"use as many photographs as processes at least"
        )
    random = generator(seed=seed, epoch=epoch, index=_ORDER)
    size = min(batch, count)
    places = random.permutation(count) if order is None else order(random)
    steps = [places[start : start + size] for start in range(0, count - size + 1, size)]
    mine = slice(share.rank, None, share.world) if order is None else _together(size, share)
    return [Pick(epoch, tuple(step[mine].tolist())) for step in steps]


def _together(size: int, share: Share) -> slice:
    return slice(size * share.rank // share.world, size * (share.rank + 1) // share.world)


def evaluation_picks(count: int, *, batch: int, share: Share = Share()) -> list[Pick]:
    """Every photograph once, in order."""
    mine = range(share.rank, count, share.world)
    return [Pick(0, tuple(mine[start : start + batch])) for start in range(0, len(mine), batch)]


@dataclass
class Batches(Dataset[Batch]):
    """Makes the batch of a pick. Photographs that cannot be read are left out of it.

    `distortion` None shows each photograph as it stands in `pixels` (evaluation). With `views` there are so many of
    each photograph, which come again every so many epochs; 0 is a new one every epoch.
    """

    examples: Examples
    pixels: Pixels
    resolution: int
    distortion: Distortion | None = None
    seed: int = 0
    threads: int = 1
    views: int = 0
    _crew: "_Crew" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._crew = _Crew(self.threads)

    def __getitem__(self, pick: Pick) -> Batch:
        images = np.empty((len(pick.places), self.resolution, self.resolution, 3), dtype=np.uint8)
        looking = Looking(
            self.examples, self.pixels, self.resolution, self.distortion, seed=self.seed, views=self.views
        )
        tasks = list(zip(pick.places, images, strict=True))
        looked = self._crew.map(lambda task: looking.look(task[0], pick.epoch, task[1]), tasks)
        rows = [row for row, one in enumerate(looked) if one is not None]
        seen = [one for one in looked if one is not None]
        if len(rows) < len(images):
            images = images[rows]
        return _batch(images, seen, colour=self.distortion is not None and self.distortion.colour)


class _Crew:
    """Threads that start with their first work; each process has its own."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        if self._threads <= 1:
            return [work(item) for item in items]
        if self._pool is None or self._process != os.getpid():
            # A forked process finds a pool here whose threads stayed behind.
            self._pool, self._process = ThreadPoolExecutor(self._threads), os.getpid()
        # A few groups a thread: handing over every single item would cost a tenth of the work on it.
        size = max(len(items) // (_GROUPS * self._threads), 1)
        groups = [items[start : start + size] for start in range(0, len(items), size)]
        return list(chain.from_iterable(self._pool.map(lambda group: [work(item) for item in group], groups)))

    def __reduce__(self) -> tuple[type["_Crew"], tuple[int]]:
        return _Crew, (self._threads,)


def _batch(images: Array, seen: Sequence[Seen], *, colour: bool) -> Batch:
    names = seen[0].target if seen else ()
    return Batch(
        images=torch.from_numpy(images).permute(0, 3, 1, 2),
        targets={name: torch.from_numpy(np.stack([_array(one.target[name]) for one in seen])) for name in names},
        places=torch.tensor([one.place for one in seen], dtype=torch.int64),
        brightness=_floats([one.view.brightness for one in seen]) if colour else None,
        saturation=_floats([one.view.saturation for one in seen]) if colour else None,
        contrast=_floats([one.view.contrast for one in seen]) if colour else None,
        hue=_floats([one.view.hue for one in seen]) if colour else None,
    )


def _array(value: NDArray[Any] | float) -> NDArray[Any]:
    """Numbers as torch has them by default: whole ones of 64 bits, others of 32."""
    return np.asarray(value, dtype=np.float32 if isinstance(value, float) else None)


def _floats(values: Sequence[float | None]) -> Tensor | None:
    """None where some views say nothing of it."""
    return None if None in values else torch.tensor(values, dtype=torch.float32)


def load(batches: Batches, picks: Sequence[Pick], *, workers: int = 0, pin: bool = False) -> Iterator[Batch]:
    """The batches of `picks` in order, made by `workers` processes ahead of time or, with 0, when asked for.

    No random number of torch's own is drawn.
    """
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=picks,
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=4 if workers else None,
        generator=torch.Generator(),
    )
    return iter(loader)
