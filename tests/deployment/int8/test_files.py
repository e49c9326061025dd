"""A network as a file of 8 bits: what is in it, and how near it is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

pytest.importorskip("onnxruntime")
import onnx

from mobilenets.data.preprocess import scale
from mobilenets.deployment.golden import golden, synthetic
from mobilenets.deployment.int8.fake import fake_quantised, observe
from mobilenets.deployment.int8.operators import count_operators
from mobilenets.deployment.int8.protocol import Calibration, Method, Operators, Quantises
from mobilenets.deployment.runtimes.onnx import onnx_bytes, onnx_int8
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.shipped import IMAGES, Inputs, Shipped, Signature
from mobilenets.jobs.source import Source, read_source
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network

CONVOLUTIONS = 28


@pytest.fixture(scope="module")
def source(classifier: Path) -> Source:
    return read_source(classifier)


@pytest.fixture(scope="module")
def images() -> NDArray[np.uint8]:
    return synthetic(count=10, side=32)


@pytest.fixture(scope="module")
def model(source: Source, images: NDArray[np.uint8]) -> onnx.ModelProto:
    return onnx_int8(source.shipped("uint8"), Signature("uint8", 32), Calibration(images))  # type: ignore[no-any-return]


def _shipped(source: Source, inputs: Inputs, *, static: bool) -> tuple[Shipped, Signature]:
    return source.shipped(inputs), Signature(inputs, 32, batch=3 if static or inputs == "float" else None)


@pytest.mark.parametrize("inputs", ["uint8", "float"])
@pytest.mark.parametrize(
    "runtime",
    ["onnx", "openvino", *(pytest.param(one, marks=pytest.mark.heavy) for one in ("litert", "executorch"))],
)
def test_near_the_float_network(
    source: Source, images: NDArray[np.uint8], runtime: str, inputs: Inputs, tmp_path: Path
) -> None:
    for package in {"onnx": ("onnxruntime",), "litert": ("litert_torch", "ai_edge_quantizer")}.get(runtime, (runtime,)):
        pytest.importorskip(package)
    chosen = runtime_named(runtime)
    assert isinstance(chosen, Quantises)
    module, signature = _shipped(source, inputs, static=chosen.static)
    expected = golden(source.network, images[:9], source.description.preprocessing, inputs=inputs, described="")
    file = tmp_path / chosen.file
    made = chosen.export_int8(module, signature, file, calibration=Calibration(expected.inputs))
    assert made.operators == Operators(CONVOLUTIONS, CONVOLUTIONS)
    assert made.details["weights"] == "int8 symmetric by channel"
    session = chosen.open(file, threads=1)
    outputs = np.concatenate([session(expected.inputs[start : start + 3]) for start in (0, 3, 6)])
    difference = np.abs(outputs - expected.outputs)
    assert 0 < difference.mean() < 0.1 * expected.outputs.std()


@pytest.mark.heavy
@pytest.mark.parametrize("runtime", ["litert", "executorch"])
def test_a_float_file_of_a_phone_is_counted_as_one(source: Source, runtime: str, tmp_path: Path) -> None:
    from mobilenets.deployment.int8 import pt2e, tflite

    count = {"litert": tflite, "executorch": pt2e}[runtime].count_operators
    chosen = runtime_named(runtime)
    pytest.importorskip({"litert": "litert_torch"}.get(runtime, runtime))
    chosen.export(source.shipped("uint8"), Signature("uint8", 32, 1), tmp_path / chosen.file)
    found = count((tmp_path / chosen.file).read_bytes())
    assert (found.convolutions, found.int8, len(found.floats)) == (CONVOLUTIONS, 0, CONVOLUTIONS)


@pytest.mark.heavy
@pytest.mark.parametrize("runtime", ["litert", "executorch"])
@pytest.mark.parametrize("activation", ["leaky_relu", "relu"])
def test_other_networks_on_a_phone(
    checkpoint: Callable[..., Path], runtime: str, activation: str, tmp_path: Path
) -> None:
    chosen = runtime_named(runtime)
    assert isinstance(chosen, Quantises)
    pytest.importorskip({"litert": "litert_torch"}.get(runtime, runtime))
    other = read_source(checkpoint(padding="symmetric", activation=activation, resolution=40))
    images, shown = synthetic(count=8, side=40), other.description.preprocessing
    floats = scale(torch.from_numpy(images).permute(0, 3, 1, 2), shown)
    network = fold(other.network)
    assert isinstance(network, Network)
    grids = fake_quantised(network, observe(network, [floats]), kernels="channel symmetric")
    with torch.inference_mode():
        expected, simulated = network(floats).numpy(), grids(floats).numpy()
    file = tmp_path / chosen.file
    signature = Signature("uint8", 40, 1)
    made = chosen.export_int8(other.shipped("uint8"), signature, file, calibration=Calibration(images))
    assert made.operators == Operators(CONVOLUTIONS, CONVOLUTIONS)
    session = chosen.open(file, threads=1)
    outputs = np.concatenate([session(image[None]) for image in images])
    # Without a ceiling 8 bits lose much here: about as much as our own simulation of them does. What LeakyReLU reads is
    # rounded too, which the simulation leaves out.
    most = 2 if activation == "leaky_relu" else 1.3
    assert np.abs(outputs - expected).mean() < most * np.abs(simulated - expected).mean()


@pytest.mark.parametrize("method", ["percentile", "entropy"])
def test_other_ranges(
    source: Source, images: NDArray[np.uint8], method: Method, capfd: pytest.CaptureFixture[str]
) -> None:
    model = onnx_int8(source.shipped("uint8"), Signature("uint8", 32), Calibration(images, method))
    assert count_operators(model) == Operators(CONVOLUTIONS, CONVOLUTIONS)
    assert capfd.readouterr() == ("", "")  # the quantiser's own words stay unsaid


def test_the_runtime_computes_in_8_bits(model: onnx.ModelProto, tmp_path: Path) -> None:
    """ONNX Runtime's own graph, once optimised, has no float convolution left, and the image is quantised once."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node]
    assert kinds.count("QLinearConv") == CONVOLUTIONS - 1
    assert kinds.count("QGemm") == 1
    assert not {"Conv", "FusedConv", "Gemm", "MatMul", "Clip", "Pad"} & set(kinds)
    assert kinds[: kinds.index("QLinearConv")].count("QuantizeLinear") == 1


def test_what_is_in_the_file(model: onnx.ModelProto) -> None:
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 20)]
    assert model.graph.input[0].name == IMAGES
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    kernels = {tensor.name: tensor for tensor in model.graph.initializer}
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    weights = next(node for node in model.graph.node if first.input[1] in node.output)
    scales = onnx.numpy_helper.to_array(kernels[weights.input[1]])
    assert scales.shape == (8,)  # one for each channel
    assert not onnx.numpy_helper.to_array(kernels[weights.input[2]]).any()


def test_every_byte_of_the_image_keeps_a_value_of_its_own(classifier: Path, images: NDArray[np.uint8]) -> None:
    """In [-1, 1] with 255 steps each byte would lie between two values, and many would become one."""
    from dataclasses import replace

    source = read_source(classifier)
    shown = replace(source.description.preprocessing, mean=(0.5,) * 3, std=(0.5,) * 3)
    model = onnx_int8(Shipped(source.network, shown), Signature("uint8", 32), Calibration(images))
    tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    first = next(node for node in model.graph.node if node.op_type == "QuantizeLinear")
    scale, zero = (float(tensors[name]) for name in first.input[1:])
    values = (np.arange(256) - 127.5) / 127.5
    levels = np.rint(values / scale + zero).clip(0, 255)
    assert (scale, zero) == (pytest.approx(1 / 128), 128)
    assert len(np.unique(levels)) >= 255


def test_a_float_convolution_is_counted_as_one(
    model: onnx.ModelProto, source: Source, images: NDArray[np.uint8]
) -> None:
    floats = onnx.load_from_string(onnx_bytes(source.shipped("uint8"), Signature("uint8", 32)))
    assert count_operators(floats).int8 == 0
    assert len(count_operators(floats).floats) == CONVOLUTIONS
    assert count_operators(model).floats == ()
    for spoil in (_weights_in_floats, _output_in_floats):
        spoilt = onnx.ModelProto()
        spoilt.CopyFrom(model)
        name = spoil(spoilt)
        assert count_operators(spoilt) == Operators(CONVOLUTIONS, CONVOLUTIONS - 1, (name,))


def _weights_in_floats(model: onnx.ModelProto) -> str:
    node = next(node for node in model.graph.node if node.op_type == "Conv")
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros((8, 3, 3, 3), np.float32), "floats"))
    node.input[1] = "floats"
    return node.name


def _output_in_floats(model: onnx.ModelProto) -> str:
    node = [node for node in model.graph.node if node.op_type == "Conv"][-1]
    reader = next(one for one in model.graph.node if node.output[0] in one.input)
    reader.op_type = "Identity"
    del reader.input[1:]
    return node.name


@pytest.mark.parametrize(
    "fields", [{"padding": "symmetric", "activation": "leaky_relu"}, {"norm": False, "resolution": 33}]
)
def test_other_networks(checkpoint: Callable[..., Path], fields: dict[str, object]) -> None:
    source = read_source(checkpoint(**fields))
    side = source.description.preprocessing.resolution
    model = onnx_int8(source.shipped("uint8"), Signature("uint8", side), Calibration(synthetic(count=4, side=side)))
    assert count_operators(model) == Operators(CONVOLUTIONS, CONVOLUTIONS)
