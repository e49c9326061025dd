"""What a runtime is: it makes its own model file from a module, and runs one."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.errors import JobError, UsageError

_SYSTEMS = {"darwin": "macOS"}

Images = NDArray[np.uint8] | NDArray[np.float32]


class Session(Protocol):
    """A model file, opened."""

    def __call__(self, images: Images) -> NDArray[np.float32]:
        """Images as the file's `Signature` says to its outputs, (N, ...)."""
        ...


class Runtime(Protocol):
    """One runtime. `RUNTIMES` lists them."""

    @property
    def name(self) -> str:
        """The word for `--runtime`."""
        ...

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    @property
    def file(self) -> str:
        """The model file or folder in the artefact; what else `export` puts beside it belongs to it."""
        ...

    @property
    def makers(self) -> tuple[str, ...]:
        """The packages that `export` needs; their versions stand in the report."""
        ...

    @property
    def runner(self) -> str:
        """The package that `open` needs."""
        ...

    @property
    def static(self) -> bool:
        """Whether its files have no free axes: one number of images at a time, of one size."""
        ...

    @property
    def suppresses(self) -> bool:
        """Whether its files can suppress boxes, with what the rest of a file is run with."""
        ...

    @property
    def system(self) -> str:
        """The system that alone runs its files, as `sys.platform` has it; empty where any does."""
        ...

    @property
    def install(self) -> str:
        """The command that installs what `export` needs; for `open` the extra of the runtime's name is enough."""
        ...

    def export(self, module: Shipped, signature: Signature, file: Path) -> Mapping[str, Any]:
        """Write the model file; gives what the report says of it (its opset, ...). Raises `OSError`, `JobError`."""
        ...

    def open(self, file: Path, *, threads: int = 0) -> Session:
        """Open a model file on the CPU, in float32; 0 threads leaves their number to the runtime.

        Raises `UsageError` where it is not this runtime's or damaged.
        """
        ...


@runtime_checkable
class Resizes(Protocol):
    """A runtime whose files take images of another size without being exported anew."""

    def resize(self, file: Path, signature: Signature, out: Path) -> None:
        """Write the model of `file` to `out` for images as `signature` says, whose network pads every layer alike.

        It is the file that `export` would make, faster. Raises `OSError`.
        """
        ...


def why_not_here(runtime: Runtime) -> str:
    """Why this system cannot run a runtime's files, whatever is installed; empty where it can."""
    if runtime.system in ("", sys.platform):
        return ""
    return f"{runtime.title} runs on {_SYSTEMS[runtime.system]} only"


def check_can_export(runtime: Runtime) -> None:
    """Raise `UsageError` where a package is missing that makes or runs this runtime's files."""
    _check(runtime, (*runtime.makers, runtime.runner), install=runtime.install)


def check_can_run(runtime: Runtime) -> None:
    """Raise `UsageError` where this system or the packages on it cannot run this runtime's files."""
    reason = why_not_here(runtime)
    if reason:
        raise UsageError(f"runtime {runtime.name}: {reason}; take the artefact there")
    _check(runtime, (runtime.runner,), install=f"pip install 'mobilenets[{runtime.name}]'")


def _check(runtime: Runtime, packages: tuple[str, ...], *, install: str) -> None:
    missing = [package for package in dict.fromkeys(packages) if find_spec(package) is None]
    if missing:
        raise UsageError(f"runtime {runtime.name} needs {' and '.join(missing)}: {install}")


def unreadable(file: Path, title: str, error: Exception) -> UsageError:
    """The line for a model file that a runtime refuses."""
    return UsageError(f"{file} cannot be opened by {title} ({_last_line(error)}): export it anew")


def refused(title: str, error: Exception) -> JobError:
    """The line for a network that a converter cannot make a file of."""
    return JobError(f"{title} could not make a file of this network ({_last_line(error)}): choose another runtime")


def _last_line(error: Exception) -> str:
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
