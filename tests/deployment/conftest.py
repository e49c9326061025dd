"""Artefacts, made once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def classifier(checkpoint: Callable[..., Path]) -> Path:
    """The smallest classifier. Read only."""
    return checkpoint()


@pytest.fixture(scope="session")
def onnx_artefact(classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest classifier in ONNX. Read only."""
    return _export(classifier, tmp_path_factory.mktemp("artefacts") / "onnx")


@pytest.fixture(scope="session")
def openvino_artefact(classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest classifier in OpenVINO. Read only."""
    return _export(classifier, tmp_path_factory.mktemp("artefacts") / "openvino")


@pytest.fixture(params=["onnx", "openvino"])
def exported(request: pytest.FixtureRequest) -> Path:
    """The smallest classifier as an artefact of each runtime. Read only."""
    artefact: Path = request.getfixturevalue(f"{request.param}_artefact")
    return artefact


@pytest.fixture
def spoilt(onnx_artefact: Path, tmp_path: Path) -> Path:
    """An artefact in ONNX that may be spoilt."""
    return Path(shutil.copytree(onnx_artefact, tmp_path / "artefact"))


def _export(checkpoint: Path, out: Path) -> Path:
    pytest.importorskip("onnxruntime" if out.name == "onnx" else out.name)
    from mobilenets.jobs.export import export

    return export(checkpoint, out=out, runtime=out.name).folder
