"""Holding out whole spots: what was taken in one place stays on one side."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mobilenets.data.geotags.collection import places_of
from mobilenets.data.photos import Collection
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.maths.cells import leaf_ids, parents, tokens
from mobilenets.settings import within

# S2 cells of this level are about 300 m across: a burst of photographs, a house, a square.
_SPOT = 15


def hold_out_spots(collection: Collection, *, fraction: float, seed: int) -> Collection:
    """The collection with about `fraction` of its photographs in val: all those of some spots, and of no others.

    Photographs of one spot show the same things, so that a spot on both sides would make the score flatter. Which
    spots follows from the seed and where they are. A collection that comes with splits is returned as it is. Raises
    `UsageError` for a fraction outside (0, 1), and where all photographs are of one spot.
    """
    within("val-fraction", fraction, low=0.0, below=1.0, open_low=True)
    if collection.splits:
        return collection
    spots: dict[str, list[int]] = defaultdict(list)
    for row, token in enumerate(tokens(parents(leaf_ids(*places_of(collection.examples).T), _SPOT))):
        spots[token].append(row)
    if len(spots) < 2:  # noqa: PLR2004 (one to learn from and one to be scored on)
        raise UsageError(
            f"{collection.name}: all {counted(len(collection.examples), 'photograph')} are of one spot of 300 m, so "
            "that none can be held out: add others or give them a split"
        )
    held = _held(spots, fraction * len(collection.examples), seed=seed)
    note = (
        f"no split in {collection.name}: {len(held):,} of {counted(len(collection.examples), 'photograph')} held out "
        f"as val, spots of 300 m as a whole ({fraction:.0%}, seed {seed})"
    )
    examples = (replace(one, split="val" if row in held else "train") for row, one in enumerate(collection.examples))
    return replace(collection, examples=tuple(examples), notes=(*collection.notes, note))


def _held(spots: Mapping[str, Sequence[int]], wanted: float, *, seed: int) -> set[int]:
    """About the wanted number of rows, of whole spots: some and never all."""
    held: set[int] = set()
    total = sum(map(len, spots.values()))
    for token in sorted(spots, key=lambda one: _lot(one, seed)):
        more = len(spots[token])
        if len(held) + more / 2 <= wanted and len(held) + more < total:
            held.update(spots[token])
    smallest = min(spots.values(), key=len)
    return held or set(smallest)


def _lot(token: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{token}".encode()).digest()
