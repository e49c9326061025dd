"""One contender in a process of its own: `python -m benchmarks.contender MODULE:FUNCTION ARGUMENTS ANSWER`.

The function gets the arguments (JSON) by name and returns figures (JSON), which go to the file ANSWER with the
largest resident memory that the process, and the largest of those it started, ever had. Pages that a worker process
shares with the one that started it are in both.
"""

import json
import resource
import sys
from importlib import import_module
from pathlib import Path

# The system counts in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024


def main(work: str, arguments: str, answer: str) -> None:
    """Do the work and write down what came of it."""
    module, function = work.split(":")
    given = json.loads(arguments)
    figures = getattr(import_module(module), function)(**given)
    # Importing torch starts a process too: only where workers were asked for is the largest one a worker.
    workers = _peak(resource.RUSAGE_CHILDREN) if given.get("workers") else None
    peaks = {"peak_mb": _own_peak(), "worker_peak_mb": workers}
    Path(answer).write_text(json.dumps({**figures, **peaks}))


def _own_peak() -> float:
    """Megabytes. Linux counts into `ru_maxrss` what the starting process had, and states the true figure elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    own = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
    return int(own) * 1024 / 1e6 if own else _peak(resource.RUSAGE_SELF)


def _peak(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss * _UNIT / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
