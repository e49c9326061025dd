"""Holding photographs with boxes out, so that each category that occurs often enough has some on both sides."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mobilenets.data.naming import natural
from mobilenets.data.photos import Collection, Example
from mobilenets.data.split import lot, with_splits
from mobilenets.data.wording import counted, listed
from mobilenets.settings import within


def divide_detection(collection: Collection, *, fraction: float, seed: int) -> Collection:
    """The collection with about `fraction` of its photographs in val and the others in train.

    The rarest category chooses first: `fraction` of its photographs, rounded, and never all. What stands in one
    photograph stays together, so that common categories may have a little more held out. Which ones follows from the
    seed, the names and what stands in them alone. A collection that comes with splits is returned as it is. Raises
    `UsageError` for a fraction outside (0, 1).
    """
    within("val-fraction", fraction, low=0.0, below=1.0, open_low=True)
    if collection.splits:
        return collection
    division = _Division({one.photo.name: _kinds(one) for one in collection.examples}, seed)
    division.divide(fraction)
    names = [one.photo.name for one in collection.examples]
    splits = {name: "val" if name in division.held else "train" for name in names}
    notes = [
        f"no split in {collection.name}: {len(division.held):,} of {counted(len(names), 'photograph')} held out as val "
        f"(about {fraction:.0%} of each category, seed {seed})"
    ]
    only = sorted(division.only_learnt(), key=natural)
    if only:
        notes.append(f"{len(only):,} categories in train alone, for want of photographs: {listed(only)}")
    return with_splits(collection, splits, notes)


def _kinds(example: Example) -> frozenset[str]:
    """What a photograph is held out for: the labels that are to be found in it."""
    objects = example.objects
    if objects is None:
        return frozenset()
    return frozenset(label for label, counts in zip(objects.labels, objects.counted, strict=True) if counts)


@dataclass(slots=True)
class _Division:
    """Photographs by name, with what stands in each, and those held out so far."""

    kinds: Mapping[str, frozenset[str]]
    seed: int
    held: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    held_counts: Counter[str] = field(default_factory=Counter)
    photographs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def divide(self, fraction: float) -> None:
        """Hold photographs out, category by category from the rarest, then of those in which nothing stands."""
        drawn = self._drawn(self.kinds)
        for name in drawn:
            for kind in self.kinds[name]:
                self.photographs[kind].append(name)
                self.counts[kind] += 1
        decided: set[str] = set()
        rarest_first = sorted(self.counts, key=lambda kind: (self.counts[kind], natural(kind)))
        for kind in rarest_first:
            undecided = [one for one in self.photographs[kind] if one not in decided]
            self._hold(kind, undecided, wanted=round(self.counts[kind] * fraction))
            decided.update(self.photographs[kind])
        for kind in rarest_first:
            # Rarer ones decided on all of its photographs, and held none of them out.
            self._hold(kind, self.photographs[kind], wanted=min(round(self.counts[kind] * fraction), 1))
        empty = [name for name in drawn if not self.kinds[name]]
        self.held.update(empty[: round(len(empty) * fraction)])
        # Whatever the fraction, each side has a photograph where there are two.
        if not self.held and len(drawn) > 1:
            self.held.add(next(filter(self._may_go, drawn), drawn[0]))
        if len(self.held) == len(drawn):
            self.held.discard(drawn[-1])

    def _hold(self, kind: str, names: Sequence[str], *, wanted: int) -> None:
        for name in names:
            if self.held_counts[kind] >= wanted:
                return
            if self._may_go(name):
                self.held.add(name)
                self.held_counts.update(self.kinds[name])

    def _may_go(self, name: str) -> bool:
        """Whether all that stands in a photograph stands in another one to learn from."""
        return all(self.held_counts[one] + 1 < self.counts[one] for one in self.kinds[name])

    def _drawn(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: lot(name, self.seed))

    def only_learnt(self) -> list[str]:
        """Categories of which nothing is held out."""
        return [kind for kind in self.counts if not self.held_counts[kind]]
