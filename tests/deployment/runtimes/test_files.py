"""The files of each runtime, by themselves: only what is in them counts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenets.deployment.artefact import GOLDEN
from mobilenets.deployment.runtimes.registry import RUNTIMES
from mobilenets.errors import UsageError


def _golden(artefact: Path) -> tuple[Any, Any]:
    with np.load(artefact / GOLDEN, allow_pickle=False) as golden:
        return golden["inputs"], golden["outputs"]


def _near(made: Any, expected: Any) -> bool:
    return bool(np.abs(made - expected).max() <= 1e-4 * np.abs(expected).max())


def test_an_app_with_onnx_runtime_alone(onnx_artefact: Path) -> None:
    import onnxruntime

    inputs, outputs = _golden(onnx_artefact)
    assert (inputs.dtype, inputs.shape) == (np.uint8, (4, 32, 32, 3))
    session = onnxruntime.InferenceSession(str(onnx_artefact / "model.onnx"), providers=["CPUExecutionProvider"])
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.type, taken.shape) == ("images", "tensor(uint8)", ["batch", 32, 32, 3])
    assert (given.name, given.type, given.shape) == ("outputs", "tensor(float)", ["batch", 5])
    for count in (1, 3, 4):
        assert _near(session.run(None, {"images": inputs[:count]})[0], outputs[:count])


def test_the_file_tells_nothing_of_the_machine_it_was_made_on(onnx_artefact: Path) -> None:
    content = (onnx_artefact / "model.onnx").read_bytes()
    assert b".py" not in content
    assert b"pkg.torch" not in content
    assert str(Path(__file__).parents[3]).encode() not in content


def test_the_opset_is_the_one_that_is_said(onnx_artefact: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from mobilenets.deployment.runtimes.onnx import OPSET

    model = onnx.load(onnx_artefact / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", OPSET)]
    # Folded: 27 convolutions with their biases, and no batch norm.
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Conv") == 27
    assert "BatchNormalization" not in kinds
    assert all(len(node.input) == 3 for node in model.graph.node if node.op_type == "Conv")


def test_an_app_with_openvino_alone(openvino_artefact: Path) -> None:
    import openvino

    inputs, outputs = _golden(openvino_artefact)
    # Said in the report: in bfloat16, which a CPU may have, the answers are others.
    compiled = openvino.Core().compile_model(
        openvino_artefact / "model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    assert _near(compiled(inputs)[0], outputs)
    assert str(compiled.input(0).partial_shape) == "[?,32,32,3]"


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_threads(exported: Path, threads: int) -> None:
    runtime = RUNTIMES[exported.name]
    session = runtime.open(exported / runtime.file, threads=threads)
    inputs, outputs = _golden(exported)
    first = session(inputs)
    assert _near(first, outputs)
    session(inputs[::-1])
    assert _near(first, outputs)  # still: it is no window into the runtime's memory


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_file_that_is_none(name: str, tmp_path: Path) -> None:
    runtime = RUNTIMES[name]
    pytest.importorskip(runtime.runner)
    file = tmp_path / runtime.file
    file.write_bytes(b"no model")
    with pytest.raises(
        UsageError, match=rf"{file} cannot be opened by {runtime.title} \(.*\): export it anew"
    ) as found:
        runtime.open(file)
    assert "\n" not in str(found.value)
