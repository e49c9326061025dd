"""HDF5 files as arrays by path, read by h5py in a process of its own.

h5py and not pyfive, because pyfive asked for over half a gigabyte on 14 of 2,100 damaged copies of a file of 2 MB and
h5py never did; but its C library has crashed on crafted files before, and so may die here without harm.

Run as a program, this file is that process: HDF5 on standard input, safetensors on standard output.
"""

import contextlib
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.errors import JobError, UsageError
from mobilenets.files import reason
from mobilenets.weights.wording import one_line, printable

_SECONDS = 60
_ROOM = 256 << 20  # for Python's own and HDF5's, beside a few times the file
_MOST_OBJECTS = 20_000
_REFUSED = 3


def read_hdf5(content: bytes, *, where: str) -> dict[str, NDArray[Any]]:
    """The numeric data sets of an HDF5 file by path.

    Raises `UsageError` where it is damaged, `JobError` where no process can be started.
    """
    from safetensors.numpy import load

    # `-P`: the folder of this file must not come before the libraries it names.
    command = [sys.executable, "-P", __file__]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=_SECONDS, check=False, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise _damaged(where, f"reading it took over {_SECONDS} seconds") from error
    except OSError as error:
        raise JobError(f"{where} cannot be read: no process can be started for it ({reason(error)})") from error
    if done.returncode:
        raise _damaged(where, _last_words(done))
    try:
        return dict(load(done.stdout))
    except Exception as error:
        raise _damaged(where, "HDF5 gave an answer that is not whole") from error


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode == _REFUSED and lines:
        return printable(lines[-1])
    return f"the HDF5 library ended with status {done.returncode}"


def _damaged(where: str, what: str) -> UsageError:
    return UsageError(f"{where} is no whole HDF5 file ({what}): take it from a copy")


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """The data sets stored plainly in this very file; never one that another file holds, or that would be unpacked."""
    import h5py

    arrays: dict[str, NDArray[Any]] = {}
    left = len(content)
    seen = 0

    def visit(name: str, found: Any) -> None:
        nonlocal left, seen
        seen += 1
        if seen > _MOST_OBJECTS:
            raise ValueError(f"it has more than {_MOST_OBJECTS:,} objects")
        if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "fiu":
            return
        if found.chunks is not None or found.external or found.is_virtual:
            raise ValueError(f"{name} is not stored in one piece, as Keras stores weights")
        left -= found.nbytes
        if left < 0:
            raise ValueError(f"{name} and others before it are larger than the file")
        arrays[name] = np.asarray(found[()], order="C")

    with h5py.File(BytesIO(content), "r") as opened:
        opened.visititems(visit)
    return arrays


def _limit_memory(most: int) -> None:
    """Let this process take `most` bytes more than it has, where the system has such a limit."""
    with contextlib.suppress(ImportError, OSError, ValueError, TypeError):
        import resource

        held = _held()
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        wanted = held + most if hard == resource.RLIM_INFINITY else min(held + most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _held() -> int:
    """Bytes of data that this process has; its largest resident set would be its parent's, which it inherits."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"^VmData:\s*(\d+) kB", status, re.MULTILINE)[1]) * 1024  # type: ignore[index]


def _main() -> int:
    from safetensors.numpy import save

    content = sys.stdin.buffer.read()
    import h5py  # noqa: F401 - before the limit, for libraries take room that no file asked for

    _limit_memory(_ROOM + 4 * len(content))
    try:
        sys.stdout.buffer.write(save(_arrays(content)))
    except Exception as error:
        print(one_line(error), file=sys.stderr)
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_main())
