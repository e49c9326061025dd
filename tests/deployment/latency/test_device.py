"""Device files: read as they were written, and one line for what is none."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobilenets.deployment.latency.alone.device import Gemm, Machine, Measurement
from mobilenets.deployment.latency.device import Device, check_belongs, read_device
from mobilenets.errors import UsageError

MACHINE = Machine(
    cpu="a small core",
    cores=4,
    mhz=1500.0,
    memory=2**30,
    system="Linux 6 aarch64",
    python="3.11.2",
    numpy="2.0.0",
    busy=None,
    load=0.25,
)
MEASURED = Measurement(
    label="measured",
    artefact="birds",
    network="mobilenet_v1_0.25_128",
    mult_adds=13_000_000,
    sha256={"model.onnx": "ab" * 32},
    runtime="onnx",
    runtime_version="1.23.0",
    precision="float32",
    inputs="uint8",
    resolution=128,
    threads=2,
    batch=1,
    count=100,
    median_ms=12.5,
    min_ms=12.0,
    p90_ms=13.0,
    p99_ms=None,
    open_ms=30.0,
    first_ms=20.0,
    idle_memory=None,
    peak_memory=2**26,
    gemm=Gemm("numpy", median_ms=10.0, min_ms=9.5, gflops=2.5),
    times_gemm=1.25,
    by_kind={"pointwise": {"time": 0.9, "mult_adds": 0.95}, "other": {"time": 0.1, "mult_adds": 0.0}},
    by_kind_note="",
)
DEVICE = Device(MACHINE, (MEASURED, replace(MEASURED, label="estimated", gemm=None, times_gemm=None, by_kind={})))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "device.json"
    DEVICE.write(path)
    return path


@pytest.mark.parametrize("kit", [None, {"models/1/model.onnx": "ab" * 32}])
def test_read_as_it_was_written(tmp_path: Path, kit: dict[str, str] | None) -> None:
    device = replace(DEVICE, kit=kit)
    device.write(tmp_path / "device.json")
    assert read_device(tmp_path / "device.json") == device


def test_the_same_figures_give_the_same_bytes(file: Path, tmp_path: Path) -> None:
    read_device(file).write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()


def test_an_estimate_stays_one() -> None:
    assert [one.label for one in DEVICE.labelled("imported").measurements] == ["imported", "estimated"]


def _set(*path: str | int, value: Any) -> Callable[[Any], Any]:
    def change(data: Any) -> Any:
        *parents, last = path
        inner = data
        for step in parents:
            inner = inner[step]
        inner[last] = value
        return data

    return change


_ONE = ("measurements", 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: [], "is no device file: give one that `mobilenets benchmark --out` or a kit wrote"),
        (_set("kind", value="other"), "is no device file"),
        (_set("format", value=2), "is of format 2 and not 1: measure again with this mobilenets"),
        (_set("measurements", value={}), r"is damaged \(it is not a machine with its measurements\)"),
        (_set("more", value=1), "is damaged"),
        (_set("kit", value=[]), r"is damaged \(its kit is no list of files\)"),
        (_set("machine", value={}), "machine: cpu, cores, mhz, .* are missing"),
        (_set("machine", "cores", value="four"), "machine: cores: 'four' is not a whole number"),
        (_set(*_ONE, value=7), "measurement 1: expected an object of settings, got int"),
        (_set(*_ONE, "label", value="guessed"), "measurement 1: label: 'guessed' is not one of"),
        (_set(*_ONE, "median_ms", value=-1.0), r"measurement 1: median_ms -1 is outside \[0, inf\)"),
        (_set(*_ONE, "p90_ms", value=float("nan")), "measurement 1: p90_ms nan is outside"),
        (_set(*_ONE, "gemm", "gflops", value=float("inf")), "measurement 1: gemm: gflops inf is outside"),
        (_set(*_ONE, "threads", value=0), r"measurement 1: threads 0 is outside \[1, inf\)"),
        (_set(*_ONE, "sha256", value={}), "measurement 1: it does not say by SHA-256 which files were measured"),
        (_set(*_ONE, "by_kind", value={"conv": 2}), "measurement 1: by_kind is not fractions of time and mult_adds"),
        (_set("measurements", 1, "speed", value=1), "measurement 2: 'speed' is no setting"),
    ],
)
def test_one_line_for_what_is_wrong(file: Path, change: Callable[[Any], Any], says: str) -> None:
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(UsageError, match=says) as found:
        read_device(file)
    assert str(file) in str(found.value)
    assert "\n" not in str(found.value)


def test_no_file_a_folder_and_no_json(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json cannot be read: No such file or directory"):
        read_device(tmp_path / "none.json")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_device(tmp_path)
    (tmp_path / "half.json").write_text('{"kind": ')
    with pytest.raises(UsageError, match=r"half.json is damaged \(not JSON: "):
        read_device(tmp_path / "half.json")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_a_device_or_one_line(file: Path, data: st.DataObject) -> None:
    DEVICE.write(file)
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] = data.draw(st.integers(0, 255))
    else:
        del content[place:]
    file.write_bytes(bytes(content))
    try:
        assert read_device(file).measurements
    except UsageError as error:
        assert "\n" not in str(error)


def test_what_was_measured_has_to_be_of_the_kit_and_of_the_artefacts() -> None:
    ours, other = {"model.onnx": "ab" * 32}, {"model.onnx": "cd" * 32}
    device = replace(DEVICE, kit={"models/1/model.onnx": "ab" * 32})
    check_belongs(device, Path("results.json"), [])
    check_belongs(device, Path("results.json"), [other, ours])
    with pytest.raises(UsageError, match=r"results\.json is of another model \(birds: "):
        check_belongs(device, Path("results.json"), [other])
    with pytest.raises(UsageError, match="says that birds was measured, which is no file of its kit"):
        check_belongs(replace(device, kit={"models/1/model.onnx": "cd" * 32}), Path("results.json"), [])


def test_it_has_no_date_and_no_path(file: Path) -> None:
    assert set(asdict(MEASURED)) & {"date", "time", "folder"} == set()
    assert str(file.parent) not in file.read_text()
