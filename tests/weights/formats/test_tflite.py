"""TFLite files: the published ones, ones written with the schema that TFLite itself generates, and hostile ones."""

import dataclasses
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobilenets.architecture import names
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.names import Name
from mobilenets.architecture.tables import classifier
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.network.int8 import simulate
from mobilenets.weights.fitting import fit
from mobilenets.weights.formats.tflite import read
from mobilenets.weights.formats.tflite_model import parse
from mobilenets.weights.found import Found
from mobilenets.weights.read import WeightFile, read_weights

BUILTIN, TYPE = schema.BuiltinOperator, schema.TensorType
FUSED = {None: 0, "relu": 1, "relu6": 3}
FILE = Path("tiny.tflite")
TINY = Name(width=0.02, resolution=64)
STORED = {"float32": TYPE.FLOAT32, "float16": TYPE.FLOAT16, "int32": TYPE.INT32, "int8": TYPE.INT8, "uint8": TYPE.UINT8}
PUBLISHED = ("mobilenet_v1_0.25_128_quant", "mobilenet_v1_0.75_192_quant", "vww_96_float")

Grid = tuple[Any, Any]


class Graph:
    """A TFLite graph in the making. Calls give the number of the tensor that they added."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.graph = schema.SubGraphT()
        self.model.version = 3
        self.model.subgraphs = [self.graph]
        self.model.operatorCodes, self.model.buffers = [], [schema.BufferT()]
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, name: str, shape: Any, kind: str, *, grid: Grid | None = None, axis: int = 0) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), STORED[kind], 0
        if grid is not None:
            tensor.quantization = facts = schema.QuantizationParametersT()
            facts.scale, facts.zeroPoint = (np.atleast_1d(part).tolist() for part in grid)
            facts.quantizedDimension = axis
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, name: str, values: NDArray[Any], **facts: Any) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        number = self.tensor(name, values.shape, values.dtype.name, **facts)
        self.graph.tensors[number].buffer = len(self.model.buffers) - 1
        return number

    def operator(self, code: int, inputs: list[int], output: int, options: Any = None) -> int:
        entry, operator = schema.OperatorCodeT(), schema.OperatorT()
        entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 1
        if code in (BUILTIN.CONV_2D, BUILTIN.DEPTHWISE_CONV_2D, BUILTIN.FULLY_CONNECTED, BUILTIN.MEAN):
            entry.version = 3
        self.model.operatorCodes.append(entry)
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, [output]
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
            operator.builtinOptions = options
        self.graph.operators.append(operator)
        return output

    def bytes(self) -> bytes:
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def tiny(*, outputs: int = 5, **style: Any) -> Network:
    """A network without batch norm whose maps neither vanish nor saturate."""
    body = names.body(TINY, norm=False, **style)
    network = Network((*body, *classifier(body, outputs))).eval()
    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            spread = 0.2 if parameter.dim() == 1 else (2 / parameter[0].numel()) ** 0.5
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * spread)
    return network


@dataclasses.dataclass(frozen=True, kw_only=True)
class Style:
    """How a writer lays a network out."""

    stored: str = "float32"
    fused: bool = True
    mean: bool = False
    linear: bool = True
    zero_padding: bool = False


def written(network: Network, style: Style = Style()) -> Graph:
    """A network as a TFLite graph."""
    graph = Graph()
    layers = [layer for layer in network.layers if layer.op == "conv"]
    image: Grid | None = (2 / 255, -1) if style.stored == "int8" else None
    at, reads = graph.tensor("image", (1, 64, 64, 3), kind_of(style), grid=image), image
    weights = [parameter.detach().numpy() for parameter in network.parameters()]
    for place, layer in enumerate(layers):
        at, reads = write_conv(graph, style, layer, weights[2 * place], weights[2 * place + 1], at, reads)
    at, reads = write_pool(graph, style, layers[-1], at, reads)
    at = write_head(graph, style, weights[-2], weights[-1], at, reads)
    graph.graph.inputs, graph.graph.outputs = [0], [at]
    return graph


def kind_of(style: Style) -> str:
    return "int8" if style.stored == "int8" else "float32"


def stored(graph: Graph, style: Style, name: str, values: NDArray[Any], axis: int) -> tuple[int, Any]:
    """Weights in the style's type, and their scales."""
    if style.stored == "float16":
        half = graph.constant(f"{name}/half", values.astype(np.float16))
        whole = graph.tensor(name, values.shape, "float32")
        return graph.operator(BUILTIN.DEQUANTIZE, [half], whole, schema.DequantizeOptionsT()), None
    if style.stored == "float32":
        return graph.constant(name, np.ascontiguousarray(values)), None
    others = tuple(other for other in range(values.ndim) if other != axis)
    scales = np.abs(values).max(others) / np.float32(127)
    shape = [-1 if other == axis else 1 for other in range(values.ndim)]
    whole = np.rint(values / scales.reshape(shape)).clip(-127, 127).astype(np.int8)
    return graph.constant(name, whole, grid=(scales, np.zeros(len(scales), int)), axis=axis), scales


def stored_bias(graph: Graph, name: str, values: NDArray[Any], reads: Grid | None, scales: Any) -> int:
    if scales is None:
        return graph.constant(name, values)
    grid = (np.float32(reads[0]) * scales).astype(np.float32)
    return graph.constant(name, np.rint(values / grid).astype(np.int32), grid=(grid, np.zeros(len(grid), int)))


def write_conv(graph: Graph, style: Style, layer: Layer, kernel: Any, bias: Any, at: int, reads: Any) -> Any:
    depthwise = layer.kind == "depthwise"
    values = kernel.transpose(1, 2, 3, 0) if depthwise else kernel.transpose(0, 2, 3, 1)
    weights, scales = stored(graph, style, f"{layer.name}/kernel", values, 3 if depthwise else 0)
    shift = stored_bias(graph, f"{layer.name}/bias", bias, reads, scales)
    options = (schema.DepthwiseConv2DOptionsT if depthwise else schema.Conv2DOptionsT)()
    options.strideW = options.strideH = layer.stride
    options.dilationWFactor = options.dilationHFactor = 1
    options.padding, options.fusedActivationFunction = 0, FUSED[layer.activation] if style.fused else 0
    if depthwise:
        options.depthMultiplier = 1
    if layer.kernel != (1, 1) and (layer.padding != "same" or (style.zero_padding and layer.stride > 1)):
        at = write_pad(graph, layer, at)
        options.padding = 1
    grid = (np.float32(6 / 255), -128) if style.stored == "int8" else None
    shape = (1, *layer.out_size, layer.out_channels)
    made = graph.tensor(f"{layer.name}/map", shape, kind_of(style), grid=grid)
    code = BUILTIN.DEPTHWISE_CONV_2D if depthwise else BUILTIN.CONV_2D
    graph.operator(code, [at, weights, shift], made, options)
    if not style.fused:
        after = graph.tensor(f"{layer.name}/relu", shape, kind_of(style), grid=grid)
        graph.operator(getattr(BUILTIN, layer.activation.upper()), [made], after)
        made = after
    return made, grid


def write_pad(graph: Graph, layer: Layer, at: int) -> int:
    pads = (0, 1) if layer.padding == "same" else (1, 1)
    sides = graph.constant(f"{layer.name}/pads", np.array([(0, 0), pads, pads, (0, 0)], np.int32))
    height, width = (side + sum(pads) for side in layer.in_size)
    made = graph.tensor(f"{layer.name}/padded", (1, height, width, layer.in_channels), "float32")
    return graph.operator(BUILTIN.PAD, [at, sides], made, schema.PadOptionsT())


def write_pool(graph: Graph, style: Style, last: Layer, at: int, reads: Any) -> Any:
    shape = (1, 1, 1, last.out_channels)
    if style.mean:
        grid = None if reads is None else (np.float32(4 / 255), -128)
        axes = graph.constant("axes", np.array([1, 2], np.int32))
        options = schema.ReducerOptionsT()
        options.keepDims = True
        made = graph.tensor("pool", shape, kind_of(style), grid=grid)
        return graph.operator(BUILTIN.MEAN, [at, axes], made, options), grid
    options = schema.Pool2DOptionsT()
    options.padding, options.strideW, options.strideH = 1, 2, 2
    options.filterHeight, options.filterWidth = last.out_size
    return graph.operator(BUILTIN.AVERAGE_POOL_2D, [at], graph.tensor("pool", shape, kind_of(style), grid=reads),
                          options), reads  # fmt: skip


def write_head(graph: Graph, style: Style, kernel: Any, bias: Any, at: int, reads: Any) -> int:
    grid = (np.float32(1 / 20), 3) if style.stored == "int8" else None
    last: Grid | None = (1 / 256, -128) if style.stored == "int8" else None
    count, channels = kernel.shape
    flat = graph.constant("shape", np.array([1, channels if style.linear else count], np.int32))
    if style.linear:
        vector = graph.tensor("vector", (1, channels), kind_of(style), grid=reads)
        at = graph.operator(BUILTIN.RESHAPE, [at, flat], vector, schema.ReshapeOptionsT())
    values = kernel if style.linear else kernel[:, None, None, :]
    # Fully connected layers got scales by channel later than convolutions: most files have one for all.
    weights, scales = stored(graph, style, "classifier", values, 0)
    shift = stored_bias(graph, "classifier/bias", bias, reads, scales)
    logits = graph.tensor("logits", (1, count) if style.linear else (1, 1, 1, count), kind_of(style), grid=grid)
    if style.linear:
        graph.operator(BUILTIN.FULLY_CONNECTED, [at, weights, shift], logits, schema.FullyConnectedOptionsT())
    else:
        options = schema.Conv2DOptionsT()
        options.strideW = options.strideH = 1
        graph.operator(BUILTIN.CONV_2D, [at, weights, shift], logits, options)
        squeezed = graph.tensor("squeezed", (1, count), kind_of(style), grid=grid)
        logits = graph.operator(BUILTIN.RESHAPE, [logits, flat], squeezed, schema.ReshapeOptionsT())
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    return graph.operator(BUILTIN.SOFTMAX, [logits], graph.tensor("softmax", (1, count), kind_of(style), grid=last),
                          options)  # fmt: skip


def found_in(content: bytes) -> Found:
    return read(WeightFile(FILE, content))


def interpreted(content: bytes, image: NDArray[Any], *, kernels: str = "BUILTIN") -> NDArray[Any]:
    """What the interpreter makes of one image, (1, H, W, 3)."""
    interpreter = Interpreter(
        model_content=content, num_threads=1, experimental_op_resolver_type=getattr(OpResolverType, kernels)
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    made: NDArray[Any] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return made


@pytest.mark.parametrize("activation", ["relu6", "relu"])
@pytest.mark.parametrize(
    "style",
    [
        Style(),
        Style(stored="float16"),
        Style(fused=False),
        Style(mean=True, linear=False),
        Style(zero_padding=True),
    ],
    ids=str,
)
def test_float_files_compute_what_the_interpreter_computes(style: Style, activation: Any) -> None:
    network = tiny(activation=activation)
    content = written(network, style).bytes()
    found = found_in(content)
    assert (found.padding, found.activation, found.resolution) == ("same", activation, 64)
    assert found.quantised is None and found.mean is None
    assert found.notes == (("dequantised from float16",) if style.stored == "float16" else ())
    fitted = fit(found, where="tiny")
    image = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    with torch.no_grad():
        ours = fitted.network().eval()(torch.from_numpy(image).permute(0, 3, 1, 2)).softmax(1).numpy()
    np.testing.assert_allclose(ours, interpreted(content, image), atol=1e-5)
    if style.stored == "float32":
        for name, tensor in network.state_dict().items():
            assert torch.equal(fitted.state[name], tensor), name


def test_symmetric_padding_is_told_from_tensorflows() -> None:
    content = written(tiny(padding="symmetric")).bytes()
    found = found_in(content)
    assert found.padding == "symmetric"
    image = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    with torch.no_grad():
        network = fit(found, where="tiny").network().eval()
        ours = network(torch.from_numpy(image).permute(0, 3, 1, 2)).softmax(1).numpy()
    np.testing.assert_allclose(ours, interpreted(content, image), atol=1e-5)


@pytest.mark.parametrize("kernels", ["xnnpack", "reference"])
@pytest.mark.parametrize("mean", [False, True], ids=["average pool", "mean"])
def test_a_file_of_scales_by_channel_simulates_to_the_interpreters_numbers(mean: bool, kernels: Any) -> None:
    content = written(tiny(), Style(stored="int8", mean=mean, linear=False)).bytes()
    found = found_in(content)
    assert found.mean == pytest.approx(3 * (127 / 255,)) and found.std == pytest.approx(3 * (0.5,))
    assert found.notes == ("dequantised from int8",)
    fitted = fit(found, where="tiny")
    assert fitted.quantisation is not None and len(fitted.quantisation.layers["conv_0"].kernel.scales) == 8
    simulated = simulate(fitted.network().eval(), fitted.quantisation, kernels=kernels)
    image = np.random.default_rng(1).integers(-128, 128, (1, 64, 64, 3)).astype(np.int8)
    with torch.no_grad():
        logits = simulated(torch.from_numpy((image + 1.0) * np.float32(2 / 255)).permute(0, 3, 1, 2).float())
    whole = np.rint(logits.numpy() * 20).astype(int) + 3
    content = without_softmax(content)
    resolver = "BUILTIN" if kernels == "xnnpack" else "BUILTIN_REF"
    assert whole.std() > 3
    assert np.array_equal(whole, interpreted(content, image, kernels=resolver).reshape(1, -1))


def without_softmax(content: bytes) -> bytes:
    """The same file with the logits as its output."""
    graph = Graph()
    graph.model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    last = graph.model.subgraphs[0].operators.pop()
    graph.model.subgraphs[0].outputs = [last.inputs[0]]
    return graph.bytes()


def test_files_without_softmax_or_classifier_are_read() -> None:
    assert len(found_in(without_softmax(written(tiny()).bytes())).kernels) == 27
    graph = written(tiny())
    del graph.graph.operators[-3:]
    graph.graph.outputs = [graph.graph.operators[-1].outputs[0]]
    found = found_in(graph.bytes())
    assert found.classifier is None and fit(found, where="tiny").outputs == 0


def test_whole_weights_between_floats_give_no_simulation() -> None:
    """Files of whole weights and float maps ("dynamic range") say nothing of the maps."""
    graph = written(tiny(), Style(stored="int8"))
    for tensor in graph.graph.tensors:
        if tensor.buffer == 0:
            tensor.type, tensor.quantization = TYPE.FLOAT32, None
    found = found_in(graph.bytes())
    assert found.quantised is None and found.notes == ("dequantised from int8",)
    assert fit(found, where="tiny").quantisation is None


@pytest.mark.parametrize("lines", [5, 4])
def test_labels_in_the_metadata_name_the_outputs(lines: int) -> None:
    content = written(tiny()).bytes()
    archive = io.BytesIO(content)
    with zipfile.ZipFile(archive, "a") as files:
        files.writestr("labels.txt", "\n".join(f"class {line}" for line in range(lines)))
    assert found_in(archive.getvalue()).classes == (tuple(f"class {line}" for line in range(5)) if lines == 5 else None)


def first(graph: Graph, code: int) -> Any:
    """The first operator of a kind."""
    return next(
        operator
        for operator in graph.graph.operators
        if graph.model.operatorCodes[operator.opcodeIndex].builtinCode == code
    )


def weights_of(graph: Graph, operator: Any) -> Any:
    return graph.graph.tensors[operator.inputs[1]]


def dilate(graph: Graph) -> None:
    first(graph, BUILTIN.DEPTHWISE_CONV_2D).builtinOptions.dilationHFactor = 2


def stride(graph: Graph) -> None:
    first(graph, BUILTIN.CONV_2D).builtinOptions.strideH = 0


def add(graph: Graph) -> None:
    graph.model.operatorCodes[first(graph, BUILTIN.SOFTMAX).opcodeIndex].builtinCode = BUILTIN.TANH


def branch(graph: Graph) -> None:
    graph.graph.operators.append(graph.graph.operators[5])


def beside(graph: Graph) -> None:
    extra = graph.tensor("beside", (1, 5), "float32")
    graph.operator(BUILTIN.RESHAPE, [graph.constant("unrelated", np.zeros((1, 5), np.float32))], extra)


def two_images(graph: Graph) -> None:
    graph.graph.inputs = [0, 1]


def not_square(graph: Graph) -> None:
    graph.graph.tensors[0].shape = [1, 64, 48, 3]


def four_bits(graph: Graph) -> None:
    weights_of(graph, first(graph, BUILTIN.CONV_2D)).type = TYPE.INT4


def not_a_number(graph: Graph) -> None:
    buffer = graph.model.buffers[weights_of(graph, first(graph, BUILTIN.CONV_2D)).buffer]
    buffer.data = np.full(len(buffer.data), 255, np.uint8)


def shape_that_lies(graph: Graph) -> None:
    weights_of(graph, first(graph, BUILTIN.CONV_2D)).shape = [2**31 - 1] * 4


def no_such_buffer(graph: Graph) -> None:
    weights_of(graph, first(graph, BUILTIN.CONV_2D)).buffer = 10_000


def no_such_tensor(graph: Graph) -> None:
    first(graph, BUILTIN.CONV_2D).inputs[1] = 9_999


def round_about(graph: Graph) -> None:
    graph.graph.operators[8].outputs = [graph.graph.operators[4].inputs[0]]


def pad_twice(graph: Graph) -> None:
    sides = graph.constant("pads", np.array([(0, 0), (1, 1), (1, 1), (0, 0)], np.int32))
    conv = first(graph, BUILTIN.CONV_2D)
    padded = graph.tensor("padded", (1, 66, 66, 3), "float32")
    graph.operator(BUILTIN.PAD, [conv.inputs[0], sides], padded)
    conv.inputs[0] = padded


def small_pool(graph: Graph) -> None:
    first(graph, BUILTIN.AVERAGE_POOL_2D).builtinOptions.filterHeight = 1


def foreign_options(graph: Graph) -> None:
    first(graph, BUILTIN.CONV_2D).builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions
    first(graph, BUILTIN.CONV_2D).builtinOptions = schema.SoftmaxOptionsT()


def no_graph(graph: Graph) -> None:
    graph.model.subgraphs = []


def version(graph: Graph) -> None:
    graph.model.version = 2


def name_of_two_lines(graph: Graph) -> None:
    not_a_number(graph)
    weights_of(graph, first(graph, BUILTIN.CONV_2D)).name = "one\nother"


WRONG: tuple[tuple[Callable[[Graph], None], str], ...] = (
    (dilate, r"dilation \(2, 1\)"),
    (stride, r"stride \(0, 2\)"),
    (add, "it has a operator 28"),
    (branch, "branches at .*read by 2"),
    (beside, r"1 operators \(RESHAPE\) are not on the way"),
    (two_images, "has 2 inputs"),
    (not_square, r"takes \[1, 64, 48, 3\]"),
    (four_bits, "of type 17 is not read"),
    (not_a_number, "not finite"),
    (shape_that_lies, "2147483647 .* has 864 bytes"),
    (no_such_buffer, "buffer 10000 of"),
    (no_such_tensor, "no tensor 9999"),
    (round_about, "ends in no output"),
    (pad_twice, "padded twice"),
    (small_pool, "not the one pool"),
    (foreign_options, "options of another operator"),
    (no_graph, "holds no graph"),
    (version, "version 2 and not 3"),
    (name_of_two_lines, r"one\?other"),
)


@pytest.mark.parametrize(("change", "why"), WRONG, ids=[change.__name__ for change, _ in WRONG])
def test_what_is_no_such_network_is_refused_in_one_line(change: Callable[[Graph], None], why: str) -> None:
    graph = written(tiny())
    change(graph)
    with pytest.raises(UsageError, match=rf"^{FILE}.*{why}") as caught:
        found_in(graph.bytes())
    assert "\n" not in str(caught.value)


def zero_scale(graph: Graph) -> None:
    weights_of(graph, first(graph, BUILTIN.CONV_2D)).quantization.scale[0] = 0.0


def few_scales(graph: Graph) -> None:
    facts = weights_of(graph, first(graph, BUILTIN.CONV_2D)).quantization
    facts.scale, facts.zeroPoint = facts.scale[:3], facts.zeroPoint[:3]


def zero_outside(graph: Graph) -> None:
    weights_of(graph, first(graph, BUILTIN.CONV_2D)).quantization.zeroPoint[0] = 128


@pytest.mark.parametrize(
    ("change", "why"),
    [(zero_scale, "not positive"), (few_scales, "3 scales along axis 0"), (zero_outside, "zero points")],
)
def test_grids_that_cannot_be_are_refused(change: Callable[[Graph], None], why: str) -> None:
    graph = written(tiny(), Style(stored="int8"))
    change(graph)
    with pytest.raises(UsageError, match=why):
        found_in(graph.bytes())


def test_a_network_of_the_same_kernels_and_other_strides_is_another_network() -> None:
    graph = written(tiny())
    options = [first(graph, BUILTIN.DEPTHWISE_CONV_2D).builtinOptions]
    options[0].strideW = options[0].strideH = 2
    with pytest.raises(UsageError, match="stride 2 and separable_1/depthwise of the network 1"):
        fit(found_in(graph.bytes()), where="tiny")


@pytest.fixture(scope="module")
def small() -> bytes:
    return written(tiny(), Style(stored="int8")).bytes()


def outcome(content: bytes) -> Found | None:
    """What is found; None where one line says why nothing is. Anything else fails the test."""
    try:
        found = found_in(content)
        fit(found, where="tiny")
    except UsageError as error:
        assert "\n" not in str(error) and str(error).startswith(("tiny", str(FILE)))
        return None
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_are_found_or_refused(small: bytes, data: st.DataObject) -> None:
    content = bytearray(small)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["byte", "number", "splice", "cut"])):
            case "byte":
                content[at] = data.draw(st.integers(0, 255))
            case "number":
                word = data.draw(st.sampled_from([0, 1, 4, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1]))
                content[at : at + 4] = word.to_bytes(4, "little")
            case "splice":
                start = data.draw(st.integers(0, len(content) - 1))
                content[at : at + 64] = content[start : start + 64]
            case _:
                content = content[: max(at, 8)]
    outcome(bytes(content))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from((*PUBLISHED, "ssd_mobilenet_v1_coco_quant_detect")), st.data())
def test_damaged_published_files_are_found_or_refused(shared_data: Path, name: str, data: st.DataObject) -> None:
    """Tables stand at the ends of real files: what is damaged are the first and the last kilobytes, and the length."""
    content = bytearray((shared_data / "weights" / f"{name}.tflite").read_bytes())
    size = len(content)
    for _ in range(data.draw(st.integers(1, 4))):
        near = data.draw(st.integers(0, min(40_000, size - 4)))
        at = near if data.draw(st.booleans()) else size - 4 - near
        word = data.draw(st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 1)))
        content[at : at + 4] = word.to_bytes(4, "little")
    if data.draw(st.integers(0, 3)) == 0:
        del content[data.draw(st.integers(8, size)) :]
    outcome(bytes(content))


def test_parts_that_overlap_cannot_multiply_memory() -> None:
    """Every convolution with its weights in one and the same large buffer."""
    graph = written(tiny())
    large = graph.constant("large", np.zeros((1000, 1, 1, 500), np.float32))
    for operator in graph.graph.operators:
        if isinstance(operator.builtinOptions, schema.Conv2DOptionsT):
            operator.inputs[1] = large
            operator.inputs = operator.inputs[:2]
    content = graph.bytes()
    tracemalloc.start()
    with pytest.raises(UsageError, match="its parts overlap"):
        found_in(content)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 12 * len(content)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_are_the_interpreters(shared_data: Path, name: str) -> None:
    path = shared_data / "weights" / f"{name}.tflite"
    interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    tensors = {tensor["name"].split(";")[0]: tensor for tensor in interpreter.get_tensor_details() if tensor["name"]}
    found = read_weights(path)
    model = parse(path.read_bytes(), where=name)
    kernels = [*found.kernels, found.classifier]
    weighted = [operator for operator in model.operators if len(operator.inputs) == 3]
    for kernel, operator in zip(kernels, weighted, strict=True):
        weights = dequantised(interpreter, operator.inputs[1])
        assert kernel.name in tensors
        if weights.ndim == 2:
            weights = weights[:, None, None, :]
        order = (3, 0, 1, 2) if operator.kind == "DEPTHWISE_CONV_2D" else (0, 3, 1, 2)
        assert np.array_equal(kernel.values, weights.transpose(order))
        assert np.array_equal(kernel.bias, dequantised(interpreter, operator.inputs[2]))


def dequantised(interpreter: Interpreter, number: int) -> NDArray[np.float32]:
    """A constant as the interpreter holds it, by the scale and zero point that it names."""
    stored = interpreter.get_tensor(number)
    facts = next(tensor for tensor in interpreter.get_tensor_details() if tensor["index"] == number)
    scale, zero = facts["quantization"]
    if stored.dtype == np.float32:
        return stored
    return ((stored.astype(np.float64) - zero) * np.float32(scale)).astype(np.float32)


@pytest.mark.parametrize(("name", "width", "resolution"), [(PUBLISHED[0], 0.25, 128), (PUBLISHED[1], 0.75, 192)])
def test_published_bytes_are_known_for_what_they_are(
    shared_data: Path, name: str, width: float, resolution: int
) -> None:
    found = read_weights(shared_data / "weights" / f"{name}.tflite")
    assert found.form == "TFLite (uint8)" and found.notes == ("dequantised from uint8",)
    assert (found.padding, found.activation) == ("same", "relu6")
    assert found.mean == found.std == 3 * (128 / 255,)
    assert found.classes is not None and found.classes[:2] == ("background", "tench, Tinca tinca")
    fitted = fit(found, where=name)
    assert (fitted.architecture.width, fitted.architecture.resolution) == (width, resolution)
    assert fitted.outputs == 1001 and not fitted.architecture.norm


def test_the_graph_of_a_detector_can_be_read(shared_data: Path) -> None:
    path = shared_data / "weights" / "ssd_mobilenet_v1_coco_quant_detect.tflite"
    model = parse(path.read_bytes(), where="ssd")
    kinds = [operator.kind for operator in model.operators]
    assert kinds.count("DEPTHWISE_CONV_2D") == 13 and kinds[-1] == "TFLite_Detection_PostProcess"
    kernel = model.values(model.operators[0].inputs[1])
    assert kernel is not None and kernel.shape == (24, 3, 3, 3) and kernel.std() > 0.01
