"""ExecuTorch: what it makes of every kind of network, and its one pool of threads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("executorch")

from mobilenets.deployment.artefact import GOLDEN, Artefact
from mobilenets.deployment.runtimes.executorch import ExecuTorch
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.export import export

pytestmark = pytest.mark.heavy
EXECUTORCH = ExecuTorch()


@pytest.fixture(scope="module")
def artefact(classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    """The smallest classifier in ExecuTorch. Read only."""
    return export(classifier, out=tmp_path_factory.mktemp("artefacts") / "executorch", runtime="executorch")


NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SAME at an odd resolution": ({"resolution": 97}, {}),
    "symmetric, leaky": ({"padding": "symmetric", "activation": "leaky_relu", "resolution": 40}, {"batch": 3}),
    "no batch norm, floats": ({"norm": False, "resolution": 32}, {"inputs": "float"}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network(
    checkpoint: Callable[..., Path], tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    fields, asked = NETWORKS[name]
    report = export(checkpoint(**fields), out=tmp_path / "out", runtime="executorch", **asked).report
    assert "cpuinfo" not in "".join(capfd.readouterr())
    assert (report.batch, report.any_size) == (asked.get("batch", 1), False)
    assert report.verification.same_top1
    assert report.details["delegates"] == 1
    assert report.details["operators in XNNPACK"] > 54  # the convolutions and their activations at least
    left = "1 dim_order_ops__to_dim_order_copy_default" if report.inputs == "uint8" else "none"
    assert report.details["operators outside it"] == left  # XNNPACK does not make floats of bytes


def test_an_app_with_executorch_alone(artefact: Artefact) -> None:
    import torch
    from executorch.runtime import Runtime

    with np.load(artefact.folder / GOLDEN, allow_pickle=False) as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    method = Runtime.get().load_program(artefact.model).load_method("forward")
    for image, expected in zip(inputs, outputs, strict=True):
        (made,) = method.execute([torch.from_numpy(image[None])])
        assert np.abs(made[0].numpy() - expected).max() <= 1e-4 * np.abs(outputs).max()
    assert b".py" not in artefact.model.read_bytes()


def test_threads(artefact: Artefact) -> None:
    images = np.zeros(artefact.signature.shape, np.uint8)  # type: ignore[arg-type]
    first = EXECUTORCH.open(artefact.model, threads=1)(images)
    session = EXECUTORCH.open(artefact.model, threads=2)
    again = session(images)
    np.testing.assert_allclose(first, again, rtol=1e-4)
    with pytest.raises(UsageError, match="threads 1: ExecuTorch runs another file in this process with 2; use 2"):
        EXECUTORCH.open(artefact.model, threads=1)
    for threads in (0, 2):
        np.testing.assert_array_equal(EXECUTORCH.open(artefact.model, threads=threads)(images), again)
    session(255 - images)
    np.testing.assert_array_equal(EXECUTORCH.open(artefact.model)(images), again)


@pytest.mark.parametrize("kept", [0, 8, 100, 0.5])
def test_a_damaged_file(artefact: Artefact, tmp_path: Path, kept: float) -> None:
    content = artefact.model.read_bytes()
    file = tmp_path / EXECUTORCH.file
    file.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(UsageError, match=r"model\.pte cannot be opened by ExecuTorch \(.+\): export it anew") as found:
        EXECUTORCH.open(file)
    assert "\n" not in str(found.value)


def test_a_network_that_cannot_be_converted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, classifier: Path) -> None:
    import executorch.exir

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("many words\n\n  no lowering for this\n")

    monkeypatch.setattr(executorch.exir, "to_edge_transform_and_lower", fails)
    with pytest.raises(JobError, match=r"^ExecuTorch could not make a file of this network \(no lowering for this\): "):
        export(classifier, out=tmp_path / "out", runtime="executorch")
    assert not (tmp_path / "out").exists()
