"""An artefact as a model to measure."""

import hashlib
from pathlib import Path

from mobilenets.deployment.artefact import read_artefact
from mobilenets.deployment.latency.models import model_of


def test_what_is_known_of_an_artefact(exported: Path) -> None:
    artefact = read_artefact(exported)
    model = model_of(artefact)
    assert (model.network, model.resolution, model.batch) == ("mobilenet_v1_0.25_32", 32, None)
    assert (model.runtime, model.precision, model.inputs) == (exported.name, "float32", "uint8")
    names = {"onnx": ["model.onnx"], "openvino": ["model.bin", "model.xml"]}[exported.name]
    assert model.sha256 == {name: hashlib.sha256((exported / name).read_bytes()).hexdigest() for name in names}
    assert Path(model.file) == artefact.model.resolve()


def test_its_work_is_that_of_its_layers(onnx_artefact: Path) -> None:
    artefact = read_artefact(onnx_artefact)
    model = model_of(artefact)
    assert [layer.kind for layer in model.layers] == ["conv", *["depthwise", "pointwise"] * 13, "linear"]
    assert sum(layer.mult_adds for layer in model.layers) == artefact.report.mult_adds
    assert len(model.products) == 13
    assert model.products[0] == (16 * 16, 8, 16)
    assert model.products[-1] == (1, 256, 256)
    pointwise = sum(layer.mult_adds for layer in model.layers if layer.kind == "pointwise")
    assert sum(places * inputs * outputs for places, inputs, outputs in model.products) == pointwise
