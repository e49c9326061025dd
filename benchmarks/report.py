"""Results as Markdown for people and JSON for machines, with what they were measured on."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mobilenets.files import write_text_whole

_PACKAGES = ("mobilenets", "torch", "torchvision", "timm", "pillow", "numpy")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of results; the first column names the rows. `notes` stand below it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """The table with its heading and its notes."""
        grid = [self.columns, [":---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        parts = [f"### {self.title}", "\n".join(map(_line, grid)) if self.rows else "", "\n".join(self._notes())]
        return "\n\n".join(part for part in parts if part)

    def _notes(self) -> Iterable[str]:
        return (f"- {note}" for note in self.notes)


@dataclass(frozen=True, slots=True)
class Result:
    """What a benchmark found: tables to read, and every figure measured."""

    tables: Sequence[Table]
    figures: Mapping[str, Any]

    def markdown(self) -> str:
        """All its tables."""
        return "\n\n".join(table.markdown() for table in self.tables)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def machine() -> dict[str, Any]:
    """What is measured on, and how busy it was at this moment (the load is of all its processes)."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
    }


def machine_line(facts: Mapping[str, Any]) -> str:
    """The machine in a sentence."""
    packages = ", ".join(f"{name} {facts[name]}" for name in _PACKAGES[1:4])
    load = f"load {facts['load'][0]:g} when it began"
    return f"{facts['processor']}, {facts['cores']} cores, Python {facts['python']}, {packages}; {load}."


def write_result(folder: Path, name: str, result: Result, *, facts: Mapping[str, Any]) -> None:
    """Write NAME.json and NAME.md into `folder`. Raises `JobError` where it cannot."""
    data = {"benchmark": name, "machine": dict(facts), "figures": result.figures}
    write_text_whole(folder / f"{name}.json", json.dumps(data, indent=1) + "\n")
    write_text_whole(folder / f"{name}.md", f"{result.markdown()}\n\n{machine_line(facts)}\n")


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    names = cpus.read_text().splitlines() if cpus.exists() else []
    found = next((line.partition(":")[2].strip() for line in names if line.startswith("model name")), "")
    return found or platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
