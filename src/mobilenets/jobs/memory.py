"""Memory that a step frees is kept for the next one."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_NEVER = 2**31 - 1


def keep_memory() -> None:
    """Tell glibc not to give large blocks back to the system, which would clear each of them anew at every step.

    Elsewhere than on Linux with glibc nothing is done: it changes speed only.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _NEVER)
