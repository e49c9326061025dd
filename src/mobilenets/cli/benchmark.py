"""`mobilenets benchmark`: how fast artefacts are, here or on another device."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from tyro.conf import Positional

from mobilenets.cli.output import Column, print_json, print_line, print_table, size_text
from mobilenets.errors import UsageError

if TYPE_CHECKING:
    from mobilenets.deployment.latency.alone.device import Measurement
    from mobilenets.deployment.latency.device import Device

_COLUMNS = (
    Column("artefact"),
    Column("runtime"),
    Column("precision"),
    Column("threads", number=True),
    Column("batch", number=True),
    Column("median ms", number=True),
    Column("p90", number=True),
    Column("p99", number=True),
    Column("peak memory", number=True),
    Column("x GEMM", number=True),
    Column("label"),
)


def run(
    artefacts: Positional[tuple[Path, ...]] = (),
    *,
    threads: tuple[int, ...] = (),
    batches: tuple[int, ...] = (),
    seconds: float | None = None,
    repeats: int | None = None,
    out: Path | None = None,
    emit_kit: Path | None = None,
    import_: Annotated[Path | None, tyro.conf.arg(name="import")] = None,
    json: bool = False,
) -> None:
    """Measure artefacts in their runtimes, in turns, each in a process of its own: latency, memory, where time goes.

    x GEMM is the median over the time that the matrix products of the pointwise layers take alone, in float32.

    Args:
        artefacts: artefact folders
        threads: numbers of threads; unset: 1 and 2
        batches: images at a time; unset: what the file was exported for, or 1
        seconds: how long each of them runs; unset: 3
        repeats: how often each of them runs, instead
        out: device file to write (JSON)
        emit_kit: write a folder that measures the artefacts on another device, and measure nothing
        import_: read the file that a kit or Android's tool wrote; with artefacts, it has to be of these
        json: print JSON
    """
    from mobilenets.jobs import benchmark as job

    measuring = {"--threads": threads, "--batches": batches, "--seconds": seconds, "--repeats": repeats}
    given = [name for name, value in measuring.items() if value not in ((), None)]
    if emit_kit is not None:
        _exclude("--emit-kit", [*given, *(["--out"] if out else []), *(["--import"] if import_ else [])])
        _emitted(job.emit_kit(artefacts, out=emit_kit), json=json)
        return
    if import_ is not None:
        _exclude("--import", given)
        device = job.import_device(import_, artefacts=artefacts)
    else:
        if seconds is not None and repeats is not None:
            raise UsageError("--seconds and --repeats exclude each other: leave one out")
        device = job.benchmark(
            artefacts,
            threads=threads,
            batches=batches,
            seconds=job.SECONDS if seconds is None else seconds,
            repeats=repeats,
        )
    if out is not None:
        device.write(out)
    if json:
        print_json({"notes": job.notes(device), **asdict(device)})
        return
    _print(device, job.notes(device), out)


def _exclude(flag: str, others: list[str]) -> None:
    if others:
        raise UsageError(f"{flag} and {others[0]} exclude each other: leave one out")


def _emitted(folder: Path, *, json: bool) -> None:
    if json:
        print_json({"folder": folder})
        return
    print_line(f"{folder}: take it to the device, and follow its README.txt", style="bold")


def _print(device: "Device", notes: tuple[str, ...], out: Path | None) -> None:
    found = device.machine
    speed = f" at {found.mhz / 1000:.2g} GHz" if found.mhz else ""
    print_line(f"{found.cpu}{speed}, {found.cores} cores, {found.system}", style="bold")
    for note in notes:
        print_line(f"note: {note}")
    print_line()
    print_table(_COLUMNS, [_row(one) for one in device.measurements])
    _print_kinds(device.measurements)
    if out is not None:
        print_line()
        print_line(f"written: {out}")


def _row(one: "Measurement") -> tuple[str, ...]:
    return (
        one.artefact,
        f"{one.runtime} {one.runtime_version}",
        one.precision,
        str(one.threads),
        str(one.batch),
        f"{one.median_ms:.2f}",
        _ms(one.p90_ms),
        _ms(one.p99_ms),
        "" if one.peak_memory is None else size_text(one.peak_memory),
        "" if one.times_gemm is None else f"{one.times_gemm:.2f}",
        one.label,
    )


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _print_kinds(measurements: "tuple[Measurement, ...]") -> None:
    """Where the time goes, and why that is not known where it is not."""
    known = [one for one in measurements if one.by_kind]
    if known:
        kinds = list(dict.fromkeys(kind for one in known for kind in one.by_kind))
        columns = [Column(f"{kind} %", number=True) for kind in kinds]
        rows = [(one.artefact, "time", str(one.threads), str(one.batch), *_shares(one, kinds, "time")) for one in known]
        counted = {one.artefact: one for one in known}.values()
        rows += [(one.artefact, "mult-adds", "", "", *_shares(one, kinds, "mult_adds")) for one in counted]
        head = (Column("artefact"), Column("share of"), Column("threads", number=True), Column("batch", number=True))
        print_line()
        print_table((*head, *columns), rows)
    for line in dict.fromkeys(
        f"note: no shares of time for {one.artefact}: {one.by_kind_note}" for one in measurements if not one.by_kind
    ):
        print_line(line)


def _shares(one: "Measurement", kinds: list[str], what: str) -> list[str]:
    return [f"{one.by_kind[kind][what] * 100:.1f}" if kind in one.by_kind else "" for kind in kinds]
