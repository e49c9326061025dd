"""Photographs of people as examples: whose each is, and with which others a protocol compares it."""

from collections import Counter
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.examples import Target
from mobilenets.data.photos import Collection, Example, Pair, Photo
from mobilenets.data.sources import open_collection
from mobilenets.data.views import View
from mobilenets.errors import UsageError


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a photograph: its name, whose it is, and the pairs of a protocol that name it."""

    photograph: str
    person: str
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Portraits:
    """Photographs with their people. `Examples` of embeddings.

    `pairs` count where all their photographs are among these: a part of a protocol is another protocol.
    """

    examples: tuple[Example, ...]
    pairs: tuple[Pair, ...] = ()
    photos: tuple[Photo, ...] = field(init=False)
    _people: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    _pairs: dict[str, tuple[Pair, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "photos", tuple(one.photo for one in self.examples))
        object.__setattr__(self, "_people", numbered(one.label or "" for one in self.examples))
        object.__setattr__(self, "_pairs", _by_photograph(self.pairs, {photo.name for photo in self.photos}))

    def truth(self, place: int) -> Person:
        name = self.photos[place].name
        return Person(name, self.examples[place].label or "", self._pairs.get(name, ()))

    def target(self, place: int, view: View) -> Target:
        return {"person": int(self._people[place])}


def _by_photograph(pairs: Sequence[Pair], here: set[str]) -> dict[str, tuple[Pair, ...]]:
    if not all({pair.first, pair.second} <= here for pair in pairs):
        return {}
    named: dict[str, list[Pair]] = {}
    for pair in pairs:
        for name in (pair.first, pair.second):
            named.setdefault(name, []).append(pair)
    return {name: tuple(own) for name, own in named.items()}


def open_people(source: str) -> Collection:
    """The photographs of a source, a label being a person; people who are learnt from and scored on are noted.

    Raises `UsageError` and `JobError` as `open_collection` does.
    """
    collection = open_collection(source, labels_recur=False)
    learnt = {one.label for one in collection.part("train")}
    scored = {one.label for one in collection.examples if one.split not in ("train", None)}
    known = sorted(label for label in learnt & scored if label is not None)
    if not known:
        return collection
    note = f"{_people(known)} of val or test in train too (the first: {known[0]}): scores on known faces flatter"
    return replace(collection, notes=(*collection.notes, note))


def numbered(names: Iterable[str]) -> NDArray[np.int64]:
    """(N,) a number for each name: 0, 1, ... in the order in which names first come."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int64)


def check_people(labels: Sequence[str | None], *, where: str) -> None:
    """Raise `UsageError` unless there are two people, and two photographs of one of them."""
    counts = Counter(label for label in labels if label is not None)
    if len(counts) < 2:  # noqa: PLR2004 (a face is told from another's)
        raise UsageError(f"{where} has photographs of {_people(counts)}: two people are needed, a sub-folder each")
    if max(counts.values()) < 2:  # noqa: PLR2004 (what is near is learnt from two photographs)
        raise UsageError(
            f"{where} has {_people(counts)} with one photograph each: two photographs of some person are needed"
        )


def _people(counts: Sized) -> str:
    return "1 person" if len(counts) == 1 else f"{len(counts):,} people"


def different_pairs(labels: Iterable[str | None]) -> int:
    """How many pairs of two people's photographs there are."""
    counts = np.array(list(Counter(labels).values()), dtype=np.int64)
    return int(counts.sum() ** 2 - (counts**2).sum()) // 2


def alone(labels: Iterable[str | None]) -> str | None:
    """What to tell of people with one photograph; None where there are none."""
    single = sorted(label for label, count in Counter(labels).items() if count == 1 and label is not None)
    if not single:
        return None
    return f"{_people(single)} with one photograph, compared with others only (the first: {single[0]})"
