"""A device file: what was measured, and on what machine. It has no date: the same machine gives the same words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

FORMAT = 1
KIND = "mobilenets device"

Label = Literal["measured", "imported", "estimated"]


@dataclass(frozen=True)
class Machine:
    """Where it was measured. `cores` are those that this process may use, `memory` is in bytes.

    `busy` is the share of the cores' time that others took just before, `load` the average of the last minute; None
    where the system does not tell.
    """

    cpu: str
    cores: int
    mhz: float | None
    memory: int | None
    system: str
    python: str
    numpy: str
    busy: float | None
    load: float | None


@dataclass(frozen=True)
class Gemm:
    """The products of a network's pointwise layers alone, in float32: `library` did them quickest, at its best run.

    `gflops` are of the median run, two for each mult-add.
    """

    library: str
    median_ms: float
    min_ms: float
    gflops: float


@dataclass(frozen=True)
class Measurement:
    """One artefact at one number of threads and one batch. Times are of a whole batch, in milliseconds.

    `sha256` names the model's files. `open_ms` is the opening of the file, `first_ms` its first run; `count` are the
    runs behind the rest. Memory is in bytes: `idle_memory` of the process with the runtime loaded and no model,
    `peak_memory` the most it ever held. `times_gemm` is `median_ms` in units of the ceiling. `by_kind` gives for each
    kind of layer its fractions `time` and `mult_adds`; where it is empty `by_kind_note` says why.
    """

    label: Label
    artefact: str
    network: str
    mult_adds: int
    sha256: Mapping[str, Any]
    runtime: str
    runtime_version: str
    precision: str
    inputs: str
    resolution: int
    threads: int
    batch: int
    count: int
    median_ms: float
    min_ms: float
    p90_ms: float | None
    p99_ms: float | None
    open_ms: float | None
    first_ms: float | None
    idle_memory: int | None
    peak_memory: int | None
    gemm: Gemm | None
    times_gemm: float | None
    by_kind: Mapping[str, Any]
    by_kind_note: str


def device_text(machine: Machine, measurements: Sequence[Measurement], kit: Mapping[str, Any] | None) -> str:
    """The content of a device file. `kit` is the SHA-256 of each file of the kit it was measured with, by path."""
    data = {
        "kind": KIND,
        "format": FORMAT,
        "machine": asdict(machine),
        "kit": dict(kit) if kit else None,
        "measurements": [asdict(one) for one in measurements],
    }
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_device(file: Path, machine: Machine, measurements: Sequence[Measurement], kit: Mapping[str, Any]) -> None:
    """Put a kit's device file in place in one step."""
    temporary = file.with_name(f".{file.name}.part")
    temporary.write_text(device_text(machine, measurements, kit), encoding="utf-8")
    temporary.replace(file)
