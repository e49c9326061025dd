"""`mobilenets.benchmark`: artefacts measured in their runtimes, on this machine or, with a kit, on another."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mobilenets.deployment.artefact import Artefact, read_artefact
from mobilenets.deployment.latency.alone.machine import cores, loaded, machine
from mobilenets.deployment.latency.alone.measure import RequestError, cases, measure
from mobilenets.deployment.latency.alone.process import WorkerError
from mobilenets.deployment.latency.alone.turns import Length
from mobilenets.deployment.latency.android import is_android, read_android
from mobilenets.deployment.latency.device import Device, check_belongs, read_device, text_of
from mobilenets.deployment.latency.kit import write_kit
from mobilenets.deployment.latency.models import model_files, model_of
from mobilenets.deployment.runtimes.protocol import check_can_run
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.errors import JobError, UsageError
from mobilenets.settings import within
from mobilenets.training.watch import counting

SECONDS = 3.0
_LONGEST, _MOST = 3600.0, 1_000_000
_LIBRARIES = ("numpy", "torch")


def benchmark(
    artefacts: Sequence[str | Path],
    *,
    threads: Sequence[int] = (),
    batches: Sequence[int] = (),
    seconds: float = SECONDS,
    repeats: int | None = None,
    ceiling: bool = True,
    by_kind: bool = True,
    console: Console | None = None,
) -> Device:
    """Measure every artefact at every number of threads and every batch, in turns, each in a process of its own.

    No `threads` are 1 and, where there are more cores, 2; no `batches` are those that the files were exported for, or
    1. Each contender runs for `seconds`, or exactly `repeats` times. `ceiling` adds the matrix products of each
    network's pointwise layers, in numpy and in torch, `by_kind` the share of time by kind of layer.

    Raises `UsageError` for a bad artefact, a runtime that is not installed, more threads than cores and a batch that
    a file does not take; `JobError` where a runtime fails.
    """
    within("seconds", seconds, low=0.0, high=_LONGEST, open_low=True)
    if repeats is not None:
        within("repeats", repeats, low=1, high=_MOST)
    models = [model_of(one) for one in _read(artefacts, run=True)]
    length = Length(seconds=seconds, repeats=repeats)
    try:
        asked = cases(models, threads=threads or usual_threads(), batches=batches)
        found = machine()
        title = f"measuring {len(asked)} {'case' if len(asked) == 1 else 'cases'} in turns"
        with counting(console or Console(stderr=True), title, total=length.rounds) as advance:
            measured = measure(
                asked,
                length,
                libraries=_LIBRARIES if ceiling else (),
                profile=by_kind,
                told=lambda: advance(1),
            )
    except RequestError as error:
        raise UsageError(str(error)) from None
    except WorkerError as error:
        raise JobError(str(error)) from None
    return Device(found, tuple(measured))


def usual_threads() -> tuple[int, ...]:
    """What is measured where nobody says: 1 thread, and 2 where there are as many cores."""
    return tuple(range(1, min(cores(), 2) + 1))


def emit_kit(artefacts: Sequence[str | Path], *, out: str | Path) -> Path:
    """Write a folder that measures the artefacts on another device; gives the folder.

    Raises `UsageError` for a bad artefact and an `out` that holds something, `JobError` where it cannot be written.
    """
    folder = Path(out)
    write_kit([model_of(one) for one in _read(artefacts, run=False)], folder)
    return folder


def import_device(file: str | Path, *, artefacts: Sequence[str | Path] = ()) -> Device:
    """What another device's file says, labelled imported; with artefacts, it has to be of these.

    The file is a device file, or what Android's benchmark tool printed, which names no more than the model's file: it
    needs the artefact. Raises `UsageError` where it is neither or damaged, or of other models than its kit or the
    artefacts.
    """
    path, given = Path(file), _read(artefacts, run=False, some=False)
    text = text_of(path)
    if is_android(text):
        if not given:
            raise UsageError(
                f"{path} is what Android's benchmark tool printed: name the artefact that was measured too"
            )
        return read_android(text, path, [model_of(one) for one in given]).labelled("imported")
    device = read_device(path).labelled("imported")
    check_belongs(device, path, [model_files(one) for one in given])
    return device


def notes(device: Device) -> tuple[str, ...]:
    """What is to be told beside the figures."""
    line = loaded(device.machine)
    return (line,) if line else ()


def _read(artefacts: Sequence[str | Path], *, run: bool, some: bool = True) -> list[Artefact]:
    if some and not artefacts:
        raise UsageError("no artefact is given: name the folders that `mobilenets export --out` wrote")
    found = [read_artefact(Path(one)) for one in artefacts]
    if run:
        for one in found:
            check_can_run(runtime_named(one.report.runtime))
    return found
