"""Photographs as pixels, by their place in a set; and work done ahead in threads."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.shapes import Shape, shaped
from mobilenets.data.views import Array

Item = TypeVar("Item")
Result = TypeVar("Result")


class Pixels(Protocol):
    """Photographs as (H, W, 3) bytes, by place; raises `BadImage` for one that cannot be read."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> Array: ...


@dataclass(frozen=True, slots=True)
class Decoded:
    """Photographs decoded each time they are asked for."""

    photos: Sequence[Photo]
    shape: Shape

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, place: int) -> Array:
        return shaped(self.photos[place].read(), self.shape)


@dataclass(frozen=True, slots=True)
class Noting:
    """Photographs as they come, with a note of those that cannot be read and why, by name.

    A worker process notes in its own copy.
    """

    decoded: Decoded
    bad: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.decoded)

    def __getitem__(self, place: int) -> Array:
        try:
            return self.decoded[place]
        except BadImage as error:
            self.bad[self.decoded.photos[place].name] = str(error)
            raise


@dataclass(frozen=True, slots=True)
class Some:
    """Some of the photographs, in the order of `places`."""

    whole: Pixels
    places: Sequence[int]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: int) -> Array:
        return self.whole[self.places[place]]


def ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], *, depth: int
) -> Iterator[Result]:
    """`map` over threads, in order, with at most `depth` results waiting: bounded memory however long `items` is."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
