"""The machine, described."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
import time
from pathlib import Path

from .device import Machine

_LOOK_SECONDS = 0.5
_BUSY = 0.1
_PROC = Path("/proc")


def machine() -> Machine:
    """This machine; takes half a second to see how busy it is."""
    import numpy

    return Machine(
        cpu=_cpu(),
        cores=cores(),
        mhz=_mhz(),
        memory=_memory(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        numpy=numpy.__version__,
        busy=_busy(),
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    )


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def loaded(found: Machine) -> str | None:
    """A line where others take so much of the machine that the figures suffer."""
    if found.busy is not None:
        if found.busy <= _BUSY:
            return None
        return f"other processes took {found.busy:.0%} of the cores before the first run: the times may be too long"
    if found.load is None or found.load <= _BUSY * found.cores:
        return None
    return f"the load of the last minute was {found.load:.2f} on {found.cores} cores: the times may be too long"


def _cpu() -> str:
    text = _read(_PROC / "cpuinfo")
    for key in ("model name", "Model", "Hardware"):
        found = re.search(rf"^{key}\s*:\s*(.+)$", text, re.MULTILINE)
        if found:
            return found[1].strip()
    if platform.system() == "Darwin":
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    return platform.processor() or platform.machine()


def _mhz() -> float | None:
    """The highest frequency, or where the system keeps none (a virtual machine) what the cores run at now."""
    highest = _read(Path("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")).strip()
    if highest.isdigit():
        return int(highest) / 1000
    now = re.findall(r"^cpu MHz\s*:\s*([0-9.]+)$", _read(_PROC / "cpuinfo"), re.MULTILINE)
    return max(map(float, now), default=None)


def _memory() -> int | None:
    found = re.search(r"^MemTotal:\s*(\d+) kB", _read(_PROC / "meminfo"), re.MULTILINE)
    if found:
        return int(found[1]) * 1024
    with contextlib.suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _busy() -> float | None:
    before = _ticks()
    if before is None:
        return None
    time.sleep(_LOOK_SECONDS)
    after = _ticks()
    if after is None or after[1] <= before[1]:
        return None
    return round(1 - (after[0] - before[0]) / (after[1] - before[1]), 3)


def _ticks() -> tuple[int, int] | None:
    """Idle ticks (those spent waiting for a disk too) and all ticks of all cores since the start."""
    found = re.match(r"cpu +([\d ]+)\n", _read(_PROC / "stat"))
    if not found:
        return None
    counts = [int(one) for one in found[1].split()]
    return counts[3] + counts[4], sum(counts[:8])


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
