"""The order of turns, with contenders that only note when they are asked."""

from collections.abc import Mapping
from typing import Any

import pytest

from mobilenets.deployment.latency.alone.process import WorkerError
from mobilenets.deployment.latency.alone.turns import Length, in_turns


class Noted:
    """A contender whose runs take `each` seconds of a clock that all share, and whose machine slows down as it goes."""

    def __init__(self, job: Mapping[str, Any], diary: list[tuple[str, str, int]]) -> None:
        self.name, self.each, self.diary, self.closed = job["name"], job["each"], diary, False
        self.ready = {"version": "1.0", "open": 0.5, "first": 0.25, "idle_memory": 7}

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        self.diary.append((self.name, do, more.get("repeats", 0)))
        if do == "warm":
            return {"each": self.each}
        if do == "profile":
            return {"nodes": [["Conv", 0.5]], "why": ""}
        drift = sum(what == "time" for _, what, _ in self.diary)
        return {"seconds": [self.each * (1 + drift / 1000)] * more["repeats"], "peak_memory": 100 + drift}

    def close(self) -> None:
        self.closed = True


def _run(each: Mapping[str, float], length: Length, **more: Any) -> tuple[list[tuple[str, str, int]], Any, list[Noted]]:
    diary: list[tuple[str, str, int]] = []
    started: list[Noted] = []

    def start(job: Mapping[str, Any]) -> Noted:
        started.append(Noted(job, diary))
        return started[-1]

    jobs = [{"name": name, "each": seconds} for name, seconds in each.items()]
    return diary, in_turns(jobs, length, start=start, **more), started


def test_all_are_warm_before_any_is_timed_and_each_begins_a_round_in_turn() -> None:
    diary, _, _ = _run({"a": 0.01, "b": 0.01, "c": 0.01}, Length(repeats=3))
    assert [what for _, what, _ in diary] == ["warm"] * 3 + ["time"] * 9 + ["profile"] * 3
    assert "".join(name for name, what, _ in diary if what == "time") == "abcbcacab"


def test_a_quick_one_runs_more_often_in_its_turn_and_all_are_in_every_round() -> None:
    diary, timed, _ = _run({"quick": 0.001, "slow": 0.05}, Length(seconds=2.0))
    turns = {(name, repeats) for name, what, repeats in diary if what == "time"}
    assert turns == {("quick", 100), ("slow", 2)}
    assert [one.spread.count for one in timed] == [20 * 100, 20 * 2]


@pytest.mark.parametrize("repeats", [1, 7, 31, 1000])
def test_exactly_so_many_repeats(repeats: int) -> None:
    _, timed, _ = _run({"a": 0.001, "b": 3.0}, Length(repeats=repeats))
    assert [one.spread.count for one in timed] == [repeats, repeats]


def test_drift_of_the_machine_cancels() -> None:
    """Contenders that are alike come out alike, though the last run is slower than the first by far."""
    _, timed, _ = _run({"a": 0.01, "b": 0.01}, Length(seconds=10.0))
    first, second = (one.spread.median for one in timed)
    assert first == pytest.approx(second, rel=2e-3)
    assert timed[0].spread.p99 > timed[0].spread.least * 1.1


def test_a_slow_one_still_gets_a_run_in_every_round() -> None:
    length = Length(seconds=0.1)
    assert length.rounds == 8
    assert [length.turn(place, 60.0) for place in range(8)] == [1] * 8


def test_memory_is_of_before_the_profile() -> None:
    _, (timed, *_), _ = _run({"a": 0.01}, Length(repeats=2))
    assert (timed.peak_memory, timed.idle_memory, timed.version) == (102, 7, "1.0")
    assert [(node.op, node.seconds) for node in timed.nodes.found] == [("Conv", 0.5)]


def test_without_a_profile_it_says_so() -> None:
    diary, (timed,), _ = _run({"a": 0.01}, Length(repeats=1), profile=False)
    assert all(what != "profile" for _, what, _ in diary)
    assert (timed.nodes.found, timed.nodes.why) == ((), "it was not asked for")


def test_rounds_are_told() -> None:
    told: list[int] = []
    _run({"a": 0.01}, Length(repeats=4), told=lambda: told.append(1))
    assert len(told) == 4


def test_all_are_ended_when_one_cannot_be_started() -> None:
    started: list[Noted] = []

    def start(job: Mapping[str, Any]) -> Noted:
        if job["name"] == "b":
            raise WorkerError("b cannot be run")
        started.append(Noted(job, []))
        return started[-1]

    with pytest.raises(WorkerError, match="b cannot be run"):
        in_turns([{"name": name, "each": 1.0} for name in "ab"], Length(repeats=1), start=start)
    assert [one.closed for one in started] == [True]
