"""LiteRT: its interpreter on a file made by hand, and what litert-torch makes of every kind of network."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenets.deployment.runtimes.litert import LiteRt
from mobilenets.errors import UsageError

pytest.importorskip("ai_edge_litert")
LITERT = LiteRt()


@pytest.fixture
def widening(tmp_path: Path) -> Path:
    """A file without a network: (2, 2, 2, 3) bytes to the same as floats."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    def tensor(name: str, kind: int) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, [2, 2, 2, 3], kind, 0
        return made

    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CAST
    cast = schema.OperatorT()
    cast.inputs, cast.outputs = [0], [1]
    graph = schema.SubGraphT()
    graph.tensors = [tensor("images", schema.TensorType.UINT8), tensor("outputs", schema.TensorType.FLOAT32)]
    graph.inputs, graph.outputs, graph.operators = [0], [1], [cast]
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], [schema.BufferT()]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    file = tmp_path / LITERT.file
    file.write_bytes(builder.Output())
    return file


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_bytes_in_floats_out(widening: Path, threads: int, capfd: pytest.CaptureFixture[str]) -> None:
    session = LITERT.open(widening, threads=threads)
    images = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    first = session(images)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(session(images[:, :, ::-1]), images[:, :, ::-1])
    np.testing.assert_array_equal(first, images)  # still: it is no window into the runtime's memory
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kept", [0, 16, 0.5])
def test_a_damaged_file(widening: Path, kept: float) -> None:
    content = widening.read_bytes()
    widening.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(UsageError, match=r"model\.tflite cannot be opened by LiteRT \(.+\): export it anew") as found:
        LITERT.open(widening)
    assert "\n" not in str(found.value)


# Both paddings, both activations, batch norm and none, both inputs, an odd size, one image and several at a time.
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SAME at an odd resolution": ({"resolution": 97}, {}),
    "symmetric, leaky": ({"padding": "symmetric", "activation": "leaky_relu", "resolution": 40}, {"batch": 3}),
    "no batch norm, floats": ({"norm": False, "resolution": 32}, {"inputs": "float"}),
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network(
    checkpoint: Callable[..., Path], tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("litert_torch")
    from ai_edge_litert.interpreter import Interpreter

    from mobilenets.jobs.export import export

    fields, asked = NETWORKS[name]
    artefact = export(checkpoint(**fields), out=tmp_path / "out", runtime="litert", **asked)
    assert "START" not in "".join(capfd.readouterr())
    report, side = artefact.report, fields["resolution"]
    assert (report.batch, report.any_size) == (asked.get("batch", 1), False)
    assert report.verification.same_top1
    interpreter = Interpreter(str(artefact.model))
    signature = interpreter.get_signature_runner("serving_default")
    taken, given = signature.get_input_details()["images"], signature.get_output_details()["outputs"]
    raw = report.inputs == "uint8"
    assert taken["dtype"] is (np.uint8 if raw else np.float32)
    assert taken["shape"].tolist() == [report.batch, *((side, side, 3) if raw else (3, side, side))]
    assert given["shape"].tolist() == [report.batch, 5]
    kinds = Counter(one["op_name"] for one in interpreter._get_ops_details())
    assert kinds["CONV_2D"] + kinds["DEPTHWISE_CONV_2D"] == 27
    if raw:  # computed as it comes, without turning axes
        assert not kinds["TRANSPOSE"]
    assert b".py" not in artefact.model.read_bytes()


@pytest.mark.heavy
def test_an_app_with_litert_alone(classifier: Path, tmp_path: Path) -> None:
    pytest.importorskip("litert_torch")
    from ai_edge_litert.interpreter import Interpreter

    from mobilenets.deployment.artefact import GOLDEN
    from mobilenets.jobs.export import export

    artefact = export(classifier, out=tmp_path / "out", runtime="litert")
    with np.load(artefact.folder / GOLDEN, allow_pickle=False) as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    run = Interpreter(str(artefact.model)).get_signature_runner("serving_default")
    for image, expected in zip(inputs, outputs, strict=True):
        assert np.abs(run(images=image[None])["outputs"][0] - expected).max() <= 1e-4 * np.abs(outputs).max()


@pytest.mark.heavy
def test_a_network_that_cannot_be_converted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, classifier: Path) -> None:
    litert_torch = pytest.importorskip("litert_torch")
    from mobilenets.errors import JobError
    from mobilenets.jobs.export import export

    def fails(*_: object, **__: object) -> None:
        raise ValueError("many words\n\n  no lowering for this\n")

    monkeypatch.setattr(litert_torch, "convert", fails)
    with pytest.raises(JobError, match=r"^LiteRT could not make a file of this network \(no lowering for this\): "):
        export(classifier, out=tmp_path / "out", runtime="litert")
    assert not (tmp_path / "out").exists()
