"""Successive halving (Jamieson and Talwalkar, 2016): all learn a little, the better half goes on, until one is left."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planned:
    """A network to train in a round, for so many epochs more."""

    name: str
    epochs: int


def rounds(arms: int) -> int:
    """How many rounds it takes until one is left, and trains alone."""
    return 1 + math.ceil(math.log2(arms))


def affordable(epoch_seconds: Mapping[str, float], *, seconds: float, most: int) -> list[str]:
    """The networks to begin with, at most `most`: the first in their order that have the time for one epoch each.

    `seconds` are those of all rounds. Empty where there is not the time for one epoch of any.
    """
    for count in range(min(len(epoch_seconds), most), 0, -1):
        share = seconds / rounds(count) / count
        quick = [name for name, epoch in epoch_seconds.items() if epoch <= share]
        if len(quick) >= count:
            return quick[:count]
    return []


def plan_round(
    alive: Sequence[str], epoch_seconds: Mapping[str, float], *, seconds: float, left: int, most: Mapping[str, int]
) -> list[Planned]:
    """What each network learns in this round: equal parts of the time, at least one epoch and at most its `most`.

    `seconds` are those of this round and the `left` - 1 after it.
    """
    share = max(seconds, 0.0) / left / len(alive)
    return [Planned(name, min(max(int(share / epoch_seconds[name]), 1), most[name])) for name in alive]


def better_half(scores: Mapping[str, float]) -> list[str]:
    """The better half of the networks, rounded up, best first; of equals those that stand first."""
    ranked = sorted(scores, key=lambda name: -scores[name])
    return ranked[: math.ceil(len(ranked) / 2)]
