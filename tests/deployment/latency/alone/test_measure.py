"""Cases and contenders, and workers that really open the files."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenets.deployment.artefact import GOLDEN, read_artefact
from mobilenets.deployment.latency.alone import measure as measuring
from mobilenets.deployment.latency.alone.measure import Model, RequestError, cases, contenders, measure
from mobilenets.deployment.latency.alone.process import Worker, WorkerError
from mobilenets.deployment.latency.alone.sessions import OPENERS, opener
from mobilenets.deployment.latency.alone.turns import Length
from mobilenets.deployment.latency.models import model_of


@pytest.fixture
def model(onnx_artefact: Path) -> Model:
    return model_of(read_artefact(onnx_artefact))


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "cores", lambda: 2)


def test_every_model_with_every_batch_and_number_of_threads(model: Model) -> None:
    other = replace(model, artefact="other")
    found = cases([model, other], threads=[1, 2, 1], batches=[1, 8])
    assert [(one.model.artefact, one.batch, one.threads) for one in found] == [
        (name, batch, threads) for name in (model.artefact, "other") for batch in (1, 8) for threads in (1, 2)
    ]


def test_the_batch_of_the_file_where_none_is_asked_for(model: Model) -> None:
    assert [one.batch for one in cases([model, replace(model, batch=4)], threads=[1], batches=[])] == [1, 4]


@pytest.mark.parametrize(
    ("changes", "threads", "batches", "says"),
    [
        ({}, [3], [], r"threads 3 is outside \[1, 2\]: this machine has 2 cores to use"),
        ({}, [0], [], r"threads 0 is outside \[1, 2\]"),
        ({}, [1], [0], r"batch 0 is outside \[1, inf\): use at least 1"),
        ({}, [], [], "there is nothing to measure"),
        ({"batch": 2}, [1], [1], "onnx was exported for batches of 2 and not of 1: use --batches 2, or export it with"),
    ],
)
def test_what_cannot_be_measured(
    model: Model, changes: Mapping[str, Any], threads: list[int], batches: list[int], says: str
) -> None:
    with pytest.raises(RequestError, match=says):
        cases([replace(model, **changes)], threads=threads, batches=batches)


def test_models_of_the_same_layers_share_their_matrix_products(model: Model) -> None:
    asked = cases([model, replace(model, artefact="other")], threads=[1, 2], batches=[1, 4])
    jobs = contenders(asked, libraries=["numpy", "torch"])
    assert [job["shape"] for job in jobs[:8]] == [(batch, 32, 32, 3) for batch in (1, 1, 4, 4)] * 2
    gemms = [(job["package"], job["threads"], job["products"][0]) for job in jobs[8:]]
    sizes = {1: (256, 8, 16), 4: (1024, 8, 16)}
    assert sorted(gemms) == sorted(
        (library, threads, sizes[batch]) for library in ("numpy", "torch") for threads in (1, 2) for batch in (1, 4)
    )
    assert len(contenders(asked, libraries=[])) == 8


def test_floats_come_as_planes(model: Model) -> None:
    (job,) = contenders(cases([replace(model, inputs="float")], threads=[1], batches=[2]), libraries=[])
    assert (job["shape"], job["inputs"]) == ((2, 3, 32, 32), "float")


def test_a_file_measured_in_its_runtime(exported: Path) -> None:
    asked = cases([model_of(read_artefact(exported))], threads=[1], batches=[2])
    (found,) = measure(asked, Length(repeats=5), libraries=["numpy"])
    assert (found.label, found.runtime, found.threads, found.batch, found.count) == ("measured", exported.name, 1, 2, 5)
    assert found.p90_ms is not None and found.p99_ms is not None
    assert 0 < found.min_ms <= found.median_ms <= found.p90_ms <= found.p99_ms
    assert found.gemm is not None and found.gemm.library == "numpy"
    assert found.times_gemm == pytest.approx(found.median_ms / found.gemm.median_ms)
    assert found.runtime_version[0].isdigit()
    # The process has the runtime alone: torch by itself would take more than twice that.
    assert found.peak_memory is None or 10e6 < found.peak_memory < 250e6
    # The time of so small a network may be under the tick of OpenVINO's clock.
    if found.by_kind:
        assert list(found.by_kind) == ["conv", "depthwise", "pointwise", "linear", "other"]
        assert sum(share["time"] for share in found.by_kind.values()) == pytest.approx(1)
        assert sum(share["mult_adds"] for share in found.by_kind.values()) == pytest.approx(1)
    else:
        assert found.by_kind_note == "its nodes were too quick for its own clock"


def test_a_ceiling_in_torch(model: Model) -> None:
    asked = cases([model], threads=[1], batches=[])
    (found,) = measure(asked, Length(repeats=2), libraries=["torch"], profile=False)
    assert found.gemm is not None and found.gemm.library == "torch"
    mult_adds = sum(places * inputs * outputs for places, inputs, outputs in model.products)
    assert found.gemm.gflops == pytest.approx(2 * mult_adds / found.gemm.median_ms / 1e6)
    assert found.by_kind_note == "it was not asked for"


def test_the_same_answers_as_the_artefact(exported: Path) -> None:
    """What is timed computes what was verified."""
    artefact = read_artefact(exported)
    with np.load(exported / GOLDEN, allow_pickle=False) as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    for opened in (OPENERS[exported.name], opener(exported.name)):
        made = opened(str(artefact.model), 1)(inputs)
        assert np.abs(made - outputs).max() <= 1e-4 * np.abs(outputs).max()


def test_a_runtime_that_a_kit_does_not_know_is_the_package_s_own(
    onnx_artefact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobilenets.deployment.latency.alone.sessions.OPENERS", {})
    with np.load(onnx_artefact / GOLDEN, allow_pickle=False) as golden:
        session = opener("onnx")(str(onnx_artefact / "model.onnx"), 1)
        assert session(golden["inputs"]).shape == golden["outputs"].shape
    assert session.nodes(None, 1).why == "ONNX Runtime gives no times of its layers here"


def test_a_file_that_its_runtime_refuses(model: Model, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    asked = cases([replace(model, file=str(tmp_path / "model.onnx"))], threads=[1], batches=[])
    with pytest.raises(WorkerError, match=r"^onnx \(onnx\) cannot be run: ") as found:
        measure(asked, Length(repeats=1), libraries=[])
    assert "\n" not in str(found.value)


def test_a_worker_that_dies(model: Model) -> None:
    worker = Worker(contenders(cases([model], threads=[1], batches=[]), libraries=[])[0])
    worker.process.kill()
    with pytest.raises(WorkerError, match="cannot be run: its process ended with code -9"):
        worker.ask("time", repeats=1)


def test_products_in_numpy_need_no_runtime() -> None:
    worker = Worker({"name": "products", "package": "numpy", "threads": 1, "products": [[4, 3, 2]]})
    try:
        answer = worker.ask("time", repeats=3)
        assert len(answer["seconds"]) == 3
        assert json.dumps(answer)
        assert worker.ask("profile", repeats=1) == {"nodes": [], "why": "numpy gives no times of its layers here"}
    finally:
        worker.close()
    assert worker.process.returncode == 0
