"""ncnn: what pnnx makes of every kind of network, run in ncnn itself."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ncnn")
pytest.importorskip("pnnx")

from mobilenets.deployment.artefact import GOLDEN, Artefact
from mobilenets.deployment.runtimes.ncnn import Ncnn
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.export import export

pytestmark = pytest.mark.heavy
NCNN = Ncnn()


@pytest.fixture(scope="module")
def artefact(classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    """The smallest classifier in ncnn. Read only."""
    return export(classifier, out=tmp_path_factory.mktemp("artefacts") / "ncnn", runtime="ncnn")


NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SAME at an odd resolution": ({"resolution": 97}, {}),
    "symmetric, leaky": ({"padding": "symmetric", "activation": "leaky_relu", "resolution": 40}, {"batch": 1}),
    "no batch norm, floats": ({"norm": False, "resolution": 32}, {"inputs": "float"}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network(
    checkpoint: Callable[..., Path], tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    fields, asked = NETWORKS[name]
    artefact = export(checkpoint(**fields), out=tmp_path / "out", runtime="ncnn", **asked)
    assert "pnnx" not in "".join(capfd.readouterr())
    assert (artefact.report.batch, artefact.report.any_size) == (1, False)
    assert artefact.report.verification.same_top1
    weights = (artefact.folder / "model.bin").stat().st_size
    assert weights > 4 * 200_000  # in 32 bits
    assert artefact.report.size == weights + artefact.model.stat().st_size


def test_an_app_with_ncnn_alone(artefact: Artefact) -> None:
    import ncnn

    with np.load(artefact.folder / GOLDEN, allow_pickle=False) as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    net = ncnn.Net()
    net.load_param(str(artefact.model))
    net.load_model(str(artefact.folder / "model.bin"))
    for image, expected in zip(inputs, outputs, strict=True):
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat.from_pixels(image, ncnn.Mat.PixelType.PIXEL_RGB, 32, 32))
        _, made = extractor.extract("out0")
        assert np.abs(np.array(made) - expected).max() <= 1e-2 * np.abs(outputs).max()  # it may compute in 16 bits


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_threads(artefact: Artefact, threads: int) -> None:
    session = NCNN.open(artefact.model, threads=threads)
    with np.load(artefact.folder / GOLDEN, allow_pickle=False) as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    first = session(inputs)
    session(inputs[::-1])
    np.testing.assert_allclose(first, outputs, rtol=0, atol=1e-4 * np.abs(outputs).max())


@pytest.mark.parametrize("name", ["model.param", "model.bin"])
@pytest.mark.parametrize("kept", [0, 8, 0.5])
def test_a_damaged_file(artefact: Artefact, tmp_path: Path, name: str, kept: float) -> None:
    folder = Path(shutil.copytree(artefact.folder, tmp_path / "artefact"))
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(UsageError, match=r"model\.param cannot be opened by ncnn \(.+\): export it anew"):
        NCNN.open(folder / NCNN.file)


def test_several_images_at_a_time(classifier: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="batch 2: a file of ncnn takes one image at a time; leave --batch out"):
        export(classifier, out=tmp_path / "out", runtime="ncnn", batch=2)
    assert not (tmp_path / "out").exists()


def test_a_network_that_cannot_be_converted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, classifier: Path) -> None:
    import pnnx

    monkeypatch.setattr(pnnx, "export", lambda *_, **__: None)
    with pytest.raises(JobError, match=r"^ncnn could not make a file of this network \(pnnx wrote no \.param file\)"):
        export(classifier, out=tmp_path / "out", runtime="ncnn")
    assert not (tmp_path / "out").exists()
