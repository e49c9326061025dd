"""A worker's process, seen from the one that tells it what to do."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_LAST_LINES = 3
_PATIENCE = 5.0


class WorkerError(Exception):
    """A worker could not do its job; the message is one line."""


class Worker:
    """A process that has opened a contender's model; it computes only while it is asked."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self.name = str(job["name"])
        self.words = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 (close() does)
        pools = dict.fromkeys(_POOLS, str(job["threads"]))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(_ROOT), f"{__package__}.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.words,
            text=True,
            encoding="utf-8",
            env={**os.environ, **pools},
        )
        self._tell(job)
        self._ready: Mapping[str, Any] | None = None

    @property
    def ready(self) -> Mapping[str, Any]:
        """What it says when it has opened its model; waits for that. Raises `WorkerError` where it cannot."""
        if self._ready is None:
            self._ready = self._answer()
        return self._ready

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Tell it what to do and wait for the answer. Raises `WorkerError` where it dies over it."""
        assert self.ready is not None  # its first words stand before the answer
        self._tell({"do": do, **more})
        return self._answer()

    def close(self) -> None:
        """End the process."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.words.close()

    def _tell(self, line: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        # Where it is dead already its last words, which the answer's reader finds, say more than the broken pipe.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(line) + "\n")
            self.process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        answer = cast("dict[str, Any]", json.loads(line)) if line else {"error": self._last_words()}
        if "error" in answer:
            self.close()
            raise WorkerError(f"{self.name} cannot be run: {' '.join(answer['error'].split())}")
        return answer

    def _last_words(self) -> str:
        code = self.process.wait()
        self.words.seek(0)
        said = " / ".join(self.words.read().strip().splitlines()[-_LAST_LINES:])
        return f"its process ended with code {code}{f' ({said})' if said else ''}"


# The folder that the package of this file is found in, which a kit's user need not have on the path.
_ROOT = Path(__file__).resolve().parents[len((__package__ or "").split("."))]
_PROGRAM = "import sys; sys.path[0] = sys.argv[1]; from importlib import import_module as i; i(sys.argv[2]).main()"
