"""A noisy collection cleaned: looked at, sifted, and what came of it in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mobilenets.data.naming import natural
from mobilenets.data.photos import Collection, Example
from mobilenets.data.wording import counted, listed
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.clean.doubts import doubtful
from mobilenets.jobs.clean.look import Looks, look
from mobilenets.jobs.clean.sift import (
    CROSS_LISTED,
    DOUBTFUL,
    HELD_OUT,
    REASONS,
    REPEATED,
    UNREADABLE,
    Removed,
    sift,
)
from mobilenets.jobs.clean.tables import unlistable
from mobilenets.jobs.material import Counting
from mobilenets.prediction.model import Model
from mobilenets.run import Cleaning

_NAMED = 3
_WORDS = {
    UNREADABLE: "unreadable",
    HELD_OUT: "like a held-out photograph",
    CROSS_LISTED: "under several labels",
    REPEATED: "repeated under one label",
    DOUBTFUL: "of doubtful label",
}


@dataclass(frozen=True, slots=True)
class Sifted:
    """The photographs that stay and those that went, both in the collection's order; notes for the user."""

    kept: tuple[Example, ...]
    removed: tuple[Removed, ...]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many went for each reason, the reasons in their order."""
        found = Counter(one.reason for one in self.removed)
        return {reason: found[reason] for reason in REASONS if found[reason]}


def sifted(
    noisy: Collection,
    *,
    held_out: Sequence[Example],
    trusted: Sequence[Example],
    cleaning: Cleaning,
    model: Model | None,
    seed: int,
    counting: Counting,
) -> Sifted:
    """Clean a collection, without what resembles a photograph of `held_out`.

    `trusted` are photographs whose labels help to doubt others. Without a `model` photographs are compared by their
    hashes alone. Raises `UsageError` where nothing can be compared, `JobError` where no photograph stays.
    """
    _check(cleaning, model)
    looks = look(noisy.examples, model, counted=counting("noisy photographs", len(noisy.examples)))
    tests = look(held_out, model, counted=counting("held-out photographs", len(held_out)))
    unseen = tests.bad
    found = sift(looks, tests, cleaning, counting=counting)
    if cleaning.doubt > 0:
        known = look(trusted, model, counted=counting("trusted photographs", len(trusted)))
        unseen = unseen | known.bad
        found |= _doubted(looks, known, found, least=cleaning.doubt, seed=seed)
    gone = {one.example: one for one in (*found.values(), *_unreadable(noisy, looks))}
    result = Sifted(
        kept=tuple(example for example in noisy.examples if example not in gone),
        removed=tuple(gone[example] for example in noisy.examples if example in gone),
    )
    if not result.kept:
        raise JobError(f"no photograph of {noisy.name} stays ({in_words(result.counts)}): compare less strictly")
    return replace(result, notes=(*_notes(result, noisy, model), *_unseen(unseen)))


def _doubted(
    looks: Looks, trusted: Looks, found: Mapping[int, Removed], *, least: float, seed: int
) -> dict[int, Removed]:
    left = [place for place in range(len(looks.examples)) if place not in found]
    doubted = doubtful(looks.part(left), trusted, least=least, seed=seed) if left else {}
    return {left[place]: one for place, one in doubted.items()}


def _check(cleaning: Cleaning, model: Model | None) -> None:
    if model is None and cleaning.doubt > 0:
        raise UsageError(f"doubt {cleaning.doubt:g} needs features: name the --weights whose features they are")
    if cleaning.hash_bits < 0 and (model is None or cleaning.feature_distance == 0):
        raise UsageError("hash-bits -1 and no features leave nothing to compare: use --hash-bits 8 or --weights")


def _unreadable(noisy: Collection, looks: Looks) -> Iterator[Removed]:
    for example in noisy.examples:
        why = looks.bad.get(example.photo.name) or unlistable(example.photo)
        if why:
            yield Removed(example, UNREADABLE, by=why)


def in_words(counts: Mapping[str, int]) -> str:
    """How many went and why: `12 left out (4 unreadable, 8 under several labels)`."""
    why = ", ".join(f"{counts[reason]:,} {_WORDS[reason]}" for reason in REASONS if counts.get(reason))
    return f"{sum(counts.values()):,} left out{f' ({why})' if why else ''}"


def _notes(found: Sifted, noisy: Collection, model: Model | None) -> tuple[str, ...]:
    notes = [f"{counted(len(noisy.examples), 'photograph')} in {noisy.name}, {in_words(found.counts)}"]
    stay = {example.label for example in found.kept}
    lost = sorted({str(one.label) for one in noisy.examples if one.label not in stay}, key=natural)
    if lost:
        notes.append(f"no photograph stays of {counted(len(lost), 'label')}: {listed(lost)}")
    if model is None:
        notes.append("compared by their hashes alone: --weights compares features too, and finds what is cropped")
    return tuple(notes)


def _unseen(bad: Mapping[str, str]) -> Iterator[str]:
    if bad:
        named = listed([f"{name} ({bad[name]})" for name in sorted(bad, key=natural)], most=_NAMED)
        yield f"{counted(len(bad), 'clean photograph')} that cannot be read, compared with none: {named}"
