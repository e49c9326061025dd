"""How soon the program answers where nothing is to be computed."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Settings, say, spread
from benchmarks.report import Result, Table
from mobilenets.errors import JobError

LIMIT = 0.5
_RUNS = 10


@dataclass(frozen=True, slots=True)
class _Call:
    seconds: float
    peak_mb: float


def run(settings: Settings) -> Result:
    """Each command ten times, in turns."""
    program = _program()
    commands = {
        "mobilenets --help": [*program, "--help"],
        "mobilenets cost mobilenet_v1_0.75_192": [*program, "cost", "mobilenet_v1_0.75_192"],
        "python -c pass (what starting costs anybody)": [sys.executable, "-c", "pass"],
    }
    calls: dict[str, list[_Call]] = {name: [] for name in commands}
    for number in range(_RUNS):
        say(f"start: round {number + 1} of {_RUNS}")
        for name, command in commands.items():
            calls[name].append(_call(command))
    rows = [_row(name, several) for name, several in calls.items()]
    columns = ("", "wall time, s", f"under {LIMIT} s", "peak memory, MB")
    notes = (f"Medians of {_RUNS} calls, with the least and greatest.",)
    figures = {name: [{"seconds": one.seconds, "peak_mb": one.peak_mb} for one in calls[name]] for name in calls}
    return Result([Table("From the command to its answer", columns, rows, notes)], figures)


def _program() -> list[str]:
    beside = Path(sys.executable).with_name("mobilenets")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "mobilenets"]


def _call(command: Sequence[str]) -> _Call:
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise JobError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return _Call(seconds, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)


def _row(name: str, calls: Sequence[_Call]) -> list[str]:
    seconds = spread([call.seconds for call in calls])
    under = "yes" if seconds.median < LIMIT else f"no, {seconds.median / LIMIT:.1f} times that"
    peak = statistics.median(call.peak_mb for call in calls)
    return [name, seconds.text(".2f"), under, f"{peak:.0f}"]
