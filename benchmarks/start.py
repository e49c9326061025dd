"""How soon the program answers where nothing is to be computed."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Contender, Settings, measure, say, spread
from benchmarks.report import Result, Table
from mobilenets.errors import JobError

LIMIT = 0.5
_RUNS = 10
_CALLS = (("--help",), ("cost", "mobilenet_v1_0.75_192"))
_NOTHING = "python -c pass (what starting costs anybody)"


def run(_: Settings) -> Result:
    """Each command ten times, in turns."""
    commands = {_words(call): [*_program(), *call] for call in _CALLS} | {_NOTHING: [sys.executable, "-c", "pass"]}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    say(f"start: {_RUNS} rounds")
    for _round in range(_RUNS):
        for name, command in commands.items():
            seconds[name].append(_seconds(command))
    peaks = {_words(call): _peak(call) for call in _CALLS}
    rows = [_row(name, several, peaks.get(name)) for name, several in seconds.items()]
    columns = ("", "wall time, s", f"under {LIMIT} s", "peak memory, MB")
    notes = (f"Medians of {_RUNS} calls, with the least and greatest; memory of one more call.",)
    figures = {"seconds": seconds, "peak_mb": peaks}
    return Result([Table("From the command to its answer", columns, rows, notes)], figures)


def _words(call: Sequence[str]) -> str:
    return " ".join(("mobilenets", *call))


def _program() -> list[str]:
    beside = Path(sys.executable).with_name("mobilenets")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "mobilenets"]


def _seconds(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - begun
    if ended.returncode:
        raise JobError(f"{' '.join(command)} ended with exit code {ended.returncode}")
    return seconds


def _peak(call: Sequence[str]) -> float:
    return float(measure(Contender(_words(call), "benchmarks.ours:answer", {"arguments": list(call)}))["peak_mb"])


def _row(name: str, calls: Sequence[float], peak: float | None) -> list[str]:
    seconds = spread(calls)
    under = "yes" if seconds.median < LIMIT else f"no, {seconds.median / LIMIT:.1f} times that"
    return [name, seconds.text(".2f"), under if peak else "", f"{peak:.0f}" if peak else ""]
