"""The process of one contender: it opens its model, then runs it when it is told to. One line of JSON each way."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from .gemm import products
from .sessions import NO_PROFILE, Nodes, opener

_FEWEST_WARM = 3


@dataclass(frozen=True)
class Ready:
    """What a process has loaded: `run` does the work once, `nodes` gives the times of its parts."""

    run: Callable[[], object]
    nodes: Callable[[int], Nodes]
    version: str
    open_seconds: float
    idle_memory: int | None


def main() -> None:
    """Read the job, say what is ready, then answer commands until there are no more.

    Whatever a runtime prints by itself goes to standard error: standard output is for answers alone.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.loads(sys.stdin.readline())
    try:
        ready = _gemm(job) if "products" in job else _model(job)
        first = _seconds(ready.run)
    except Exception as error:
        return _say(answers, {"error": f"{type(error).__name__}: {error}"})
    _say(
        answers,
        {"version": ready.version, "idle_memory": ready.idle_memory, "open": ready.open_seconds, "first": first},
    )
    for line in sys.stdin:
        command = json.loads(line)
        _say(answers, _DO[command["do"]](ready, command))


def _model(job: Mapping[str, Any]) -> Ready:
    import numpy as np

    opened = opener(job["runtime"])
    idle = peak_memory()
    draw = np.random.default_rng(0)
    drawn = (
        draw.integers(0, 256, job["shape"], np.uint8)
        if job["inputs"] == "uint8"
        else draw.standard_normal(job["shape"], np.float32)
    )
    begun = time.perf_counter()
    session = opened(job["file"], job["threads"])
    took = time.perf_counter() - begun
    return Ready(
        run=lambda: session(drawn),
        nodes=lambda repeats: session.nodes(drawn, repeats),
        version=_version(job["package"]),
        open_seconds=took,
        idle_memory=idle,
    )


def _gemm(job: Mapping[str, Any]) -> Ready:
    library = job["package"]
    run = products(library, job["products"])
    return Ready(run, lambda _: Nodes((), NO_PROFILE.format(library)), _version(library), 0.0, None)


def _warm(ready: Ready, command: Mapping[str, Any]) -> dict[str, Any]:
    """Run for so many seconds, then say how long one run takes by now."""
    seconds = [_seconds(ready.run) for _ in range(_FEWEST_WARM)]
    while sum(seconds) < command["seconds"]:
        seconds.append(_seconds(ready.run))
    return {"each": sorted(seconds)[len(seconds) // 2]}


def _time(ready: Ready, command: Mapping[str, Any]) -> dict[str, Any]:
    """Time so many runs; one before them brings back what the others took of the caches, and is not counted."""
    ready.run()
    seconds = [_seconds(ready.run) for _ in range(command["repeats"])]
    return {"seconds": seconds, "peak_memory": peak_memory()}


def _profile(ready: Ready, command: Mapping[str, Any]) -> dict[str, Any]:
    nodes = ready.nodes(command["repeats"])
    return {"nodes": [[node.op, node.seconds] for node in nodes.found], "why": nodes.why}


_DO = {"warm": _warm, "time": _time, "profile": _profile}


def peak_memory() -> int | None:
    """The most memory that this process ever held, in bytes.

    Linux's own count is preferred, for `getrusage` there starts from what the parent process held.
    """
    try:
        found = re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _version(package: str) -> str:
    for name in (package, package.replace("_", "-")):
        with contextlib.suppress(PackageNotFoundError):
            return version(name)
    return "unknown"


def _say(answers: IO[str], answer: Mapping[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
