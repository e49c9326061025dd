"""The candidates as a kit that measures them on another device, before anything is trained."""

import tempfile
from pathlib import Path

from mobilenets.deployment.latency.kit import write_kit
from mobilenets.jobs.fit.budget import binding
from mobilenets.jobs.fit.problem import pose
from mobilenets.jobs.fit.settings import FitSettings

# Every candidate runs for seconds on a device that may be slow: this many cover the grid, the rest is estimated.
_MOST = 24


def emit_candidates(settings: FitSettings, *, out: str | Path) -> Path:
    """Write a kit of candidates with random weights, spread over those that counting does not turn away.

    What it writes on the device is for `--device`. Raises `UsageError` as `fit` does and where `out` holds something,
    `JobError` where a file cannot be made.
    """
    problem = pose(settings)
    possible = [one for one in problem.priced if binding(one.floors, settings.budget) is None] or problem.priced
    count = min(len(possible), _MOST)
    chosen = [possible[place * (len(possible) - 1) // max(count - 1, 1)] for place in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        write_kit(problem.prober.files(chosen, Path(folder)), Path(out))
    return Path(out)
