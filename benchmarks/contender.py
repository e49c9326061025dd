"""One contender in a process of its own: `python -m benchmarks.contender MODULE:FUNCTION ARGUMENTS ANSWER`.

The function gets the arguments (JSON) by name and returns figures (JSON), which go to the file ANSWER with the
largest resident memory that the process, and the largest of those it started, ever had.
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
    figures = getattr(import_module(module), function)(**json.loads(arguments))
    peaks = {"peak_mb": _peak(resource.RUSAGE_SELF), "worker_peak_mb": _peak(resource.RUSAGE_CHILDREN)}
    Path(answer).write_text(json.dumps({**figures, **peaks}))


def _peak(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss * _UNIT / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
