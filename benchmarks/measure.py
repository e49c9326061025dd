"""Contenders measured in turns, each in a process of its own, and what their figures come to.

Nothing heavy is imported here: a process that is started inherits the peak memory of the one that starts it.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobilenets.errors import JobError

Figures = dict[str, Any]

NETWORKS = ("mobilenet_v1_1.0_128", "mobilenet_v1_0.25_96")
_LAST_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every benchmark is told. `work` is a folder for temporary files; the fields after it are `finetune`'s."""

    photographs: Path | None
    count: int
    rounds: int
    epochs: int
    threads: int
    networks: Sequence[str]
    work: Path
    data: Sequence[Path] = ()
    weights: Path | None = None
    resolution: int = 224
    most_epochs: int = 25


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to do the work: `work` is "module:function", which gets `arguments` by name and returns its figures."""

    name: str
    work: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several measurements, with the least and the greatest."""

    median: float
    least: float
    most: float

    def text(self, form: str) -> str:
        """ "2.0 (1.9 to 2.2)", every number in the format `form`; one number where they all read the same."""
        middle, low, high = (format(value, form) for value in (self.median, self.least, self.most))
        return middle if low == high else f"{middle} ({low} to {high})"


def spread(values: Sequence[float]) -> Spread:
    """Raises `ValueError` where there are none."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(statistics.median(values), min(values), max(values))


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> Spread:
    """How many times `ours` goes into `theirs`, round by round: noise that slows a whole round cancels."""
    return spread([their / our for their, our in zip(theirs, ours, strict=True)])


def measure(contender: Contender) -> Figures:
    """Run a contender once. Raises `JobError` with its last words where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "benchmarks.contender", contender.work, json.dumps(contender.arguments)]
        ended = subprocess.run([*command, str(answer)], capture_output=True, text=True, check=False)
        if ended.returncode:
            words = " / ".join(ended.stderr.strip().splitlines()[-_LAST_LINES:])
            raise JobError(f"{contender.name} failed with exit code {ended.returncode}: {words}")
        figures: Figures = json.loads(answer.read_text())
    return figures


def in_turns(contenders: Sequence[Contender], *, rounds: int, title: str) -> dict[str, list[Figures]]:
    """Every contender once, then every contender again, so often; its figures by name."""
    found: dict[str, list[Figures]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            say(f"{title}: round {number + 1} of {rounds}: {contender.name}")
            found[contender.name].append(measure(contender))
    return found


def quickest(contenders: Sequence[Contender], *, seconds: Callable[[Figures], float], title: str) -> Contender:
    """The contender that took least, of one run each: a rival is to run with the settings that suit it best."""
    found = in_turns(contenders, rounds=1, title=f"{title}: choosing the best")
    return min(contenders, key=lambda contender: seconds(found[contender.name][0]))


def peaks(several: Sequence[Figures]) -> list[str]:
    """Two cells: median peak memory in MB of a contender, and of its largest worker process, if it has any."""
    workers = [one["worker_peak_mb"] for one in several if one["worker_peak_mb"] is not None]
    own = spread([one["peak_mb"] for one in several]).median
    return [f"{own:.0f}", f"{spread(workers).median:.0f}" if workers else ""]


def say(words: str) -> None:
    """What is going on, for whoever waits."""
    print(words, file=sys.stderr, flush=True)
