"""Which photographs of a noisy collection go, and why."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.cache import Advance
from mobilenets.data.photos import Example
from mobilenets.jobs.clean.look import Looks
from mobilenets.jobs.material import Counting
from mobilenets.maths.nearest import Block, Nearest, feature_blocks, hash_blocks
from mobilenets.maths.perceptual import MIRROR
from mobilenets.run import Cleaning

UNREADABLE, HELD_OUT, CROSS_LISTED, REPEATED, DOUBTFUL = REASONS = (
    "unreadable",
    "held out",
    "cross-listed",
    "repeated",
    "doubtful",
)
"""In this order: each photograph goes for the first that is true of it."""

Places = NDArray[np.int64]
Allowed = Callable[[Places, Places], NDArray[np.bool_] | None]


def _any(_rows: Places, _columns: Places) -> None:
    """Every pair counts."""


@contextmanager
def _uncounted(_words: str, _total: int) -> Iterator[Advance]:
    yield lambda _: None


@dataclass(frozen=True, slots=True)
class Removed:
    """A photograph that goes. `like` is the photograph that it resembles (or the label it should have), `by` what
    was compared and `distance` the bits, the cosine distance or the probability found.
    """

    example: Example
    reason: str
    like: str = ""
    by: str = ""
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """The photograph that another resembles, by its place, and how far it is."""

    place: int
    distance: float


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to compare photographs: of which of them, how, and how far apart two copies are at most."""

    name: str
    limit: float
    usable: Callable[[Looks], Places]
    blocks: Callable[[Looks, Places, Looks, Places], Iterator[Block]]

    def near(
        self, rows: Looks, left: Places, columns: Looks, among: Places, *, counting: Counting, allowed: Allowed = _any
    ) -> dict[int, _Found]:
        """Of the photographs `left`, those that resemble one `among` the columns: which one, and how far it is."""
        here = np.intersect1d(left, self.usable(rows))
        there = np.intersect1d(among, self.usable(columns))
        nearest = Nearest(len(here))
        with counting(f"comparing by {self.name}", len(here)) as advance:
            for block in self.blocks(rows, here, columns, there):
                nearest.take(block, allowed=allowed(here[block.rows], there[block.columns]))
                if block.columns.stop == len(there):
                    advance(block.rows.stop - block.rows.start)
        close = np.flatnonzero(nearest.distances <= self.limit)
        places, distances = nearest.places[close], nearest.distances[close]
        return {
            int(here[row]): _Found(int(there[place]), float(distance))
            for row, place, distance in zip(close, places, distances, strict=True)
        }


def _hash_way(limit: int) -> _Way:
    return _Way(
        "hash",
        limit,
        lambda looks: np.flatnonzero(~looks.plain),
        lambda rows, here, columns, there: hash_blocks(rows.hashes[here], columns.hashes[there], turned=MIRROR),
    )


def _feature_way(limit: float) -> _Way:
    return _Way(
        "features",
        limit,
        lambda looks: np.arange(len(looks.examples) if looks.features.shape[1] else 0),
        lambda rows, here, columns, there: feature_blocks(rows.features[here], columns.features[there]),
    )


def sift(noisy: Looks, held_out: Looks, cleaning: Cleaning, *, counting: Counting = _uncounted) -> dict[int, Removed]:
    """What goes, by its place among the noisy photographs that can be read.

    First copies of held-out photographs, then what stands under several labels, every copy of it, then what repeats
    an earlier photograph of the same label. Photographs are copies if their hashes or else their features are near.
    """
    ways = []
    if cleaning.hash_bits >= 0:
        ways.append(_hash_way(cleaning.hash_bits))
    if cleaning.feature_distance > 0:
        ways.append(_feature_way(cleaning.feature_distance))
    labels = _numbers(noisy)
    gone: dict[int, Removed] = {}
    everything, tested = np.arange(len(noisy.examples)), np.arange(len(held_out.examples))
    for way in ways:
        found = way.near(noisy, _left(noisy, gone), held_out, tested, counting=counting)
        _remove(gone, noisy, held_out, HELD_OUT, way, found)

    def differ(rows: Places, columns: Places) -> NDArray[np.bool_]:
        return labels[rows][:, None] != labels[columns]

    for way in ways:
        found = way.near(noisy, _left(noisy, gone), noisy, everything, counting=counting, allowed=differ)
        _remove(gone, noisy, noisy, CROSS_LISTED, way, found)
    for way in ways:
        _remove_repeated(gone, noisy, labels, way)
    return gone


def _remove_repeated(gone: dict[int, Removed], noisy: Looks, labels: Places, way: _Way) -> None:
    left = _left(noisy, gone)
    for label in np.unique(labels[left]):
        alike = left[labels[left] == label]
        found = way.near(noisy, alike, noisy, alike, counting=_uncounted, allowed=lambda a, b: a[:, None] > b)
        _remove(gone, noisy, noisy, REPEATED, way, found)


def _left(noisy: Looks, gone: Mapping[int, Removed]) -> Places:
    return np.array([place for place in range(len(noisy.examples)) if place not in gone], np.int64)


def _numbers(looks: Looks) -> Places:
    numbers: defaultdict[str | None, int] = defaultdict(lambda: len(numbers))
    return np.array([numbers[example.label] for example in looks.examples], np.int64)


def _remove(
    gone: dict[int, Removed], rows: Looks, columns: Looks, reason: str, way: _Way, found: Mapping[int, _Found]
) -> None:
    for place, one in found.items():
        like = columns.examples[one.place].photo.name
        gone[place] = Removed(rows.examples[place], reason, like=like, by=way.name, distance=one.distance)
