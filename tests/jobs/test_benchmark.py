"""`mobilenets.benchmark`: a device file of what was measured, and of what another device says."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

pytest.importorskip("onnxruntime")

from mobilenets.deployment.latency.device import Device, read_device
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.benchmark import benchmark, emit_kit, import_device, notes
from mobilenets.jobs.export import export

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def artefacts(checkpoint: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two networks; "one" takes one image at a time. Read only."""
    out = tmp_path_factory.mktemp("artefacts")
    return {
        name: export(checkpoint(resolution=side), out=out / name, batch=batch, console=QUIET).folder
        for name, side, batch in (("one", 32, 1), ("any", 64, None))
    }


@pytest.fixture(scope="module")
def device(artefacts: dict[str, Path]) -> Device:
    return benchmark([*artefacts.values()], threads=[1], repeats=3, console=QUIET)


def test_all_of_them_are_measured(device: Device) -> None:
    assert [(one.artefact, one.network, one.threads, one.batch, one.count) for one in device.measurements] == [
        ("one", "mobilenet_v1_0.25_32", 1, 1, 3),
        ("any", "mobilenet_v1_0.25_64", 1, 1, 3),
    ]
    for one in device.measurements:
        assert (one.label, one.runtime, one.precision) == ("measured", "onnx", "float32")
        assert one.gemm is not None and one.gemm.library in {"numpy", "torch"}
        assert one.by_kind["pointwise"]["time"] > 0


def test_read_back(device: Device, tmp_path: Path) -> None:
    device.write(tmp_path / "device.json")
    assert read_device(tmp_path / "device.json") == device


def test_what_another_device_says_is_imported(device: Device, artefacts: dict[str, Path], tmp_path: Path) -> None:
    device.write(tmp_path / "device.json")
    imported = import_device(tmp_path / "device.json", artefacts=[*artefacts.values()])
    assert {one.label for one in imported.measurements} == {"imported"}
    assert imported == device.labelled("imported")
    with pytest.raises(UsageError, match=r"device\.json is of another model \(any: "):
        import_device(tmp_path / "device.json", artefacts=[artefacts["one"]])


def test_without_the_ceiling_and_the_shares(artefacts: dict[str, Path]) -> None:
    (one,) = benchmark(
        [artefacts["any"]], threads=[1], repeats=1, ceiling=False, by_kind=False, console=QUIET
    ).measurements
    assert (one.gemm, one.times_gemm, one.by_kind, one.by_kind_note) == (None, None, {}, "it was not asked for")


def test_a_busy_machine_is_told(device: Device) -> None:
    busy = replace(device, machine=replace(device.machine, busy=0.4))
    (line,) = notes(busy)
    assert line.startswith("other processes took 40% of the cores")
    assert not notes(replace(device, machine=replace(device.machine, busy=0.0)))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            {"batches": [2]},
            "one was exported for batches of 1 and not of 2: use --batches 1, or export it with --batch 2",
        ),
        ({"threads": [5000]}, r"threads 5000 is outside \[1, \d+\]: this machine has \d+ cores to use"),
        ({"repeats": 0}, "repeats 0 is outside"),
        ({"seconds": 0.0}, "seconds 0 is outside"),
    ],
)
def test_wrong_requests(artefacts: dict[str, Path], asked: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        benchmark([artefacts["one"]], console=QUIET, **asked)


def test_no_artefact() -> None:
    with pytest.raises(UsageError, match="no artefact is given: name the folders"):
        benchmark([])
    with pytest.raises(UsageError, match="no artefact is given"):
        emit_kit([], out="kit")
    with pytest.raises(UsageError, match="there is no folder nowhere"):
        benchmark(["nowhere"])


def test_a_runtime_that_fails(artefacts: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker opens what it is told to; nothing else stands in for it."""
    from mobilenets.jobs import benchmark as job

    of = job.model_of
    monkeypatch.setattr(job, "model_of", lambda artefact: replace(of(artefact), file="gone.onnx"))
    with pytest.raises(JobError, match=r"one \(onnx\) cannot be run: .*gone.onnx"):
        benchmark([artefacts["one"]], threads=[1], repeats=1, console=QUIET)


def test_what_android_printed_needs_its_artefact(tmp_path: Path) -> None:
    (tmp_path / "android.txt").write_text("INFO: Inference timings in us: Init: 119515, First inference: 1\n")
    with pytest.raises(UsageError, match="printed: name the artefact that was measured too"):
        import_device(tmp_path / "android.txt")
