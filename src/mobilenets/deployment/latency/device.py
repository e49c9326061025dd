"""Device files read, checked and written."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mobilenets.deployment.latency.alone.device import FORMAT, KIND, Label, Machine, Measurement, device_text
from mobilenets.errors import UsageError
from mobilenets.files import reason, write_text_whole
from mobilenets.settings import from_json, within

_REMEDY = "take it from a copy or measure again"
_WHOLE = 1 + 1e-9  # a sum of fractions
_MOST_BYTES = 64 * 2**20
_TIMES = ("median_ms", "min_ms", "p90_ms", "p99_ms", "open_ms", "first_ms", "times_gemm")
_GEMM = ("median_ms", "min_ms", "gflops")
_KNOWN = {"kind", "format", "machine", "kit", "measurements"}


@dataclass(frozen=True, slots=True)
class Device:
    """A machine and what was measured on it. `kit` gives the SHA-256 of each file of the kit that did, by path."""

    machine: Machine
    measurements: tuple[Measurement, ...]
    kit: Mapping[str, Any] | None = None

    def labelled(self, label: Label) -> "Device":
        """The same with this label on what was measured; an estimate stays one."""
        return replace(
            self,
            measurements=tuple(
                one if one.label == "estimated" else replace(one, label=label) for one in self.measurements
            ),
        )

    def write(self, file: Path) -> None:
        """Write the device file. Raises `JobError` where that cannot be done."""
        write_text_whole(file, device_text(self.machine, self.measurements, self.kit))


def read_device(file: str | Path) -> Device:
    """Read a device file.

    Raises `UsageError` in one line where there is none, where it is of another kind or format, or damaged.
    """
    path = Path(file)
    data = _json(path, text_of(path))
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise UsageError(f"{path} is no device file: give one that `mobilenets benchmark --out` or a kit wrote")
    if data.get("format") != FORMAT:
        raise UsageError(
            f"{path} is of format {data.get('format')!r} and not {FORMAT}: measure again with this mobilenets"
        )
    if set(data) != _KNOWN or not isinstance(data["measurements"], list):
        raise UsageError(f"{path} is damaged (it is not a machine with its measurements): {_REMEDY}")
    machine = from_json(Machine, data["machine"], where=f"{path}: machine")
    measurements = tuple(
        _measurement(one, where=f"{path}: measurement {place + 1}") for place, one in enumerate(data["measurements"])
    )
    kit = data["kit"]
    if not (kit is None or isinstance(kit, dict)):
        raise UsageError(f"{path} is damaged (its kit is no list of files): {_REMEDY}")
    return Device(machine, measurements, kit)


def check_belongs(device: Device, file: Path, known: Iterable[Mapping[str, Any]]) -> None:
    """See that what was measured are the model files it should be.

    They have to be files of the kit that measured them and, where `known` has any, one of these model's. Raises
    `UsageError` for the first that is not.
    """
    models = [*known]
    for one in device.measurements:
        in_kit = set(map(str, (device.kit or {}).values()))
        if device.kit is not None and not set(map(str, one.sha256.values())) <= in_kit:
            raise UsageError(f"{file} says that {one.artefact} was measured, which is no file of its kit: {_REMEDY}")
        if models and one.sha256 not in models:
            raise UsageError(
                f"{file} is of another model ({one.artefact}: its SHA-256 is none of the artefacts'): "
                "give the artefacts that the kit was made of, or none"
            )


def _measurement(data: Any, *, where: str) -> Measurement:
    one = from_json(Measurement, data, where=where)
    try:
        _check_numbers(one)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if not one.sha256 or not all(type(value) is str for value in one.sha256.values()):
        raise UsageError(f"{where}: it does not say by SHA-256 which files were measured: {_REMEDY}")
    if not all(_is_share(share) for share in one.by_kind.values()):
        raise UsageError(f"{where}: by_kind is not fractions of time and mult_adds: {_REMEDY}")
    return one


def _check_numbers(one: Measurement) -> None:
    for name in ("threads", "batch", "count", "resolution"):
        within(name, getattr(one, name), low=1)
    given = {name: getattr(one, name) for name in _TIMES} | (
        {f"gemm: {name}": getattr(one.gemm, name) for name in _GEMM} if one.gemm else {}
    )
    for name, value in given.items():
        if value is not None:
            within(name, value, low=0.0, below=float("inf"))
    for name in ("idle_memory", "peak_memory"):
        if getattr(one, name) is not None:
            within(name, getattr(one, name), low=0)
    within("mult_adds", one.mult_adds, low=0)


def _is_share(share: Any) -> bool:
    return (
        isinstance(share, dict)
        and set(share) == {"time", "mult_adds"}
        and all(type(value) in (int, float) and 0 <= value <= _WHOLE for value in share.values())
    )


def text_of(file: Path) -> str:
    """The text of a file that another device wrote. Raises `UsageError` where it cannot be read or is no text."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{file} has over {_MOST_BYTES // 2**20} MB: it is no device file")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise UsageError(f"{file} is damaged (no text: {error}): {_REMEDY}") from error


def _json(file: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is damaged (not JSON: {error}): {_REMEDY}") from error
