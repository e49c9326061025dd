"""Whether a file is in use, by locks that end with the process that holds them."""

import contextlib
import sys
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl


def hold(stream: IO[bytes], *, shared: bool = False) -> None:
    """Lock an open file until it and every copy of its handle (a memory map has one) is closed.

    Where another process holds it or the file system has no locks, nothing is done.
    """
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            fcntl.flock(stream, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def is_held(path: Path) -> bool | None:
    """Whether a living process holds the file; None where it is gone or the system cannot tell."""
    if sys.platform == "win32":
        return None
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False
