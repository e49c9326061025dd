"""Contenders in turns: each runs a little, then the next, round after round, so that drift of the machine cancels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .by_kind import Node
from .sessions import Nodes
from .spread import Spread, spread

WARM_SECONDS = 0.5
_TURN_SECONDS = 0.1
_FEWEST_ROUNDS, _MOST_ROUNDS = 8, 200
_PROFILED_RUNS = 15


class Asked(Protocol):
    """What is told to run: a worker's process."""

    @property
    def ready(self) -> Mapping[str, Any]:
        """What it said when it had opened its model."""
        ...

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Do one thing and wait for the answer."""
        ...

    def close(self) -> None:
        """End it."""
        ...


@dataclass(frozen=True)
class Length:
    """How long each contender runs: for `seconds`, or exactly `repeats` times where that is set; `warm` before that."""

    seconds: float = 3.0
    repeats: int | None = None
    warm: float = WARM_SECONDS

    @property
    def rounds(self) -> int:
        """How many turns each contender gets."""
        if self.repeats is not None:
            return min(self.repeats, round(self.seconds / _TURN_SECONDS) or 1, _MOST_ROUNDS)
        return min(max(round(self.seconds / _TURN_SECONDS), _FEWEST_ROUNDS), _MOST_ROUNDS)

    def turn(self, place: int, each: float) -> int:
        """The runs in the turn of this place, of a contender that takes `each` seconds a run."""
        if self.repeats is not None:
            return self.repeats * (place + 1) // self.rounds - self.repeats * place // self.rounds
        return max(1, round(self.seconds / self.rounds / each)) if each > 0 else 1


@dataclass(frozen=True)
class Timed:
    """What one contender came to; times in seconds, memory in bytes."""

    spread: Spread
    version: str
    open_seconds: float
    first_seconds: float
    idle_memory: int | None
    peak_memory: int | None
    nodes: Nodes


def in_turns(
    jobs: Sequence[Mapping[str, Any]],
    length: Length,
    *,
    start: Callable[[Mapping[str, Any]], Asked],
    profile: bool = True,
    together: bool = False,
    told: Callable[[], None] = lambda: None,
) -> list[Timed]:
    """Start a process for each job and time them in turns, one active at a time; `told` is called after each round.

    With `together` all processes open their models at the same time: quicker, and how long opening takes means nothing.
    Every round begins with another contender, so that none always has the same place in it. Peak memory is that
    before the profile, which needs memory of its own. Raises what `start` and the contenders do; all processes are
    ended then too.
    """
    asked: list[Asked] = []
    try:
        for job in jobs:
            asked.append(start(job))
            if not together:
                assert asked[-1].ready is not None
        each = [one.ask("warm", seconds=length.warm if length.repeats is None else 0.0)["each"] for one in asked]
        turns: list[list[Mapping[str, Any]]] = [[] for _ in jobs]
        for place in range(length.rounds):
            for turn in range(len(jobs)):
                who = (place + turn) % len(jobs)
                turns[who].append(asked[who].ask("time", repeats=length.turn(place, each[who])))
            told()
        return [_timed(one, turns[who], profile=profile) for who, one in enumerate(asked)]
    finally:
        for one in asked:
            one.close()


def _timed(one: Asked, turns: Sequence[Mapping[str, Any]], *, profile: bool) -> Timed:
    nothing: dict[str, Any] = {"nodes": [], "why": "it was not asked for"}
    found = one.ask("profile", repeats=_PROFILED_RUNS) if profile else nothing
    return Timed(
        spread=spread([taken for turn in turns for taken in turn["seconds"]]),
        version=one.ready["version"],
        open_seconds=one.ready["open"],
        first_seconds=one.ready["first"],
        idle_memory=one.ready["idle_memory"],
        peak_memory=turns[-1]["peak_memory"],
        nodes=Nodes(tuple(Node(op, taken) for op, taken in found["nodes"]), found["why"]),
    )
