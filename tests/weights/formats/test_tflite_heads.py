"""TFLite files of detectors: a small one written here, run by LiteRT's own interpreter, and ones that are none."""

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import flexbuffers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobilenets.architecture.detectors.names import detector
from mobilenets.architecture.layer import Layer
from mobilenets.errors import UsageError
from mobilenets.maths.boxes import centred, default_boxes, moved
from mobilenets.network.graph import Network
from mobilenets.weights.fitting import fit
from mobilenets.weights.formats.tflite import read
from mobilenets.weights.formats.tflite_heads import POSTPROCESS
from mobilenets.weights.found import Found
from mobilenets.weights.read import WeightFile, read_weights

FILE = Path("tiny.tflite")
BUILTIN = schema.BuiltinOperator
CLASSES, SIDE = 3, 64
OPTIONS: dict[str, Any] = {
    "max_detections": 8,
    "max_classes_per_detection": 1,
    "nms_score_threshold": 1e-8,
    "nms_iou_threshold": 0.6,
    "num_classes": CLASSES,
    "y_scale": 10.0,
    "x_scale": 10.0,
    "h_scale": 5.0,
    "w_scale": 5.0,
}


@dataclasses.dataclass
class Changes:
    """What a file has other than it should."""

    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    defaults: Callable[[NDArray[np.float32]], NDArray[np.float32]] = lambda boxes: boxes
    sigmoid: bool = True
    swapped: bool = False
    fused: int = 0


class Writer:
    """A graph of floats in the making; calls give the number of the tensor that they added."""

    def __init__(self) -> None:
        self.model, self.graph = schema.ModelT(), schema.SubGraphT()
        self.model.version, self.model.subgraphs = 3, [self.graph]
        self.model.operatorCodes, self.model.buffers = [], [schema.BufferT()]
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, name: str, shape: Any, values: NDArray[Any] | None = None) -> int:
        one = schema.TensorT()
        one.name, one.shape, one.type, one.buffer = name, [int(side) for side in shape], schema.TensorType.FLOAT32, 0
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            one.buffer = len(self.model.buffers) - 1
            one.type = schema.TensorType.INT32 if values.dtype == np.int32 else one.type
        self.graph.tensors.append(one)
        return len(self.graph.tensors) - 1

    def constant(self, name: str, values: NDArray[Any]) -> int:
        return self.tensor(name, values.shape, values)

    def operator(self, code: int, inputs: list[int], outputs: list[int], options: Any = None) -> Any:
        entry, one = schema.OperatorCodeT(), schema.OperatorT()
        entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 1
        self.model.operatorCodes.append(entry)
        one.opcodeIndex, one.inputs, one.outputs = len(self.model.operatorCodes) - 1, inputs, outputs
        if options is not None:
            one.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
            one.builtinOptions = options
        self.graph.operators.append(one)
        return one

    def bytes(self) -> bytes:
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def tiny() -> Network:
    """SSD on the narrowest MobileNet, whose maps neither vanish nor saturate."""
    network = Network(detector(f"ssd_mobilenet_v1_0.04_{SIDE}", classes=CLASSES, norm=False).layers).eval()
    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in network.parameters():
            spread = 0.3 if parameter.dim() == 1 else (2 / parameter[0].numel()) ** 0.5
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * spread)
    return network


def written(network: Network, changes: Changes | None = None) -> bytes:
    """A detector as a TFLite file."""
    changes = changes or Changes()
    writer = Writer()
    made = {"image": writer.tensor("image", (1, SIDE, SIDE, 3))}
    weights = iter([parameter.detach().numpy() for parameter in network.parameters()])
    rows: dict[str, list[int]] = {"scores": [], "offsets": []}
    for layer in network.layers[:-1]:
        made[layer.name] = convolution(writer, layer, next(weights), next(weights), made[layer.inputs[0]], changes)
        kind = layer.name.rpartition("/")[2]
        if kind in rows:
            rows[kind].append(flattened(writer, layer, made[layer.name], CLASSES + 1 if kind == "scores" else 4))
    if changes.swapped:
        rows["offsets"][:2] = reversed(rows["offsets"][:2])
    ending(writer, rows, network.layers[-1], changes)
    return writer.bytes()


def convolution(writer: Writer, layer: Layer, kernel: Any, bias: Any, at: int, changes: Changes) -> int:
    depthwise = layer.kind == "depthwise"
    options = (schema.DepthwiseConv2DOptionsT if depthwise else schema.Conv2DOptionsT)()
    options.strideW = options.strideH = layer.stride
    options.dilationWFactor = options.dilationHFactor = 1
    options.fusedActivationFunction = 3 if layer.activation else changes.fused
    if depthwise:
        options.depthMultiplier = 1
    values = kernel.transpose(1, 2, 3, 0) if depthwise else kernel.transpose(0, 2, 3, 1)
    made = writer.tensor(f"{layer.name}/map", (1, *layer.out_size, layer.out_channels))
    code = BUILTIN.DEPTHWISE_CONV_2D if depthwise else BUILTIN.CONV_2D
    inputs = [at, writer.constant(f"{layer.name}/kernel", values), writer.constant(f"{layer.name}/bias", bias)]
    writer.operator(code, inputs, [made], options)
    return made


def flattened(writer: Writer, layer: Layer, at: int, numbers: int) -> int:
    count = layer.out_size[0] * layer.out_size[1] * layer.out_channels // numbers
    rows = writer.tensor(f"{layer.name}/rows", (1, count, numbers))
    shape = writer.constant(f"{layer.name}/shape", np.array([1, count, numbers], np.int32))
    writer.operator(BUILTIN.RESHAPE, [at, shape], [rows], schema.ReshapeOptionsT())
    return rows


def ending(writer: Writer, rows: dict[str, list[int]], last: Layer, changes: Changes) -> None:
    count = last.out_size[0]
    joined = {}
    for kind, numbers in (("offsets", 4), ("scores", CLASSES + 1)):
        options = schema.ConcatenationOptionsT()
        options.axis = 1
        joined[kind] = writer.tensor(kind, (1, count, numbers))
        writer.operator(BUILTIN.CONCATENATION, rows[kind], [joined[kind]], options)
    if changes.sigmoid:
        scores, joined["scores"] = joined["scores"], writer.tensor("probabilities", (1, count, CLASSES + 1))
        writer.operator(BUILTIN.LOGISTIC, [scores], [joined["scores"]])
    boxes = writer.constant("anchors", changes.defaults(centred(default_boxes(last.grids)).numpy()))
    outputs = [writer.tensor(f"{POSTPROCESS}:{place}", ()) for place in range(4)]
    end = writer.operator(BUILTIN.CUSTOM, [joined["offsets"], joined["scores"], boxes], outputs)
    writer.model.operatorCodes[-1].customCode = POSTPROCESS
    kept = {name: value for name, value in (OPTIONS | changes.options).items() if value is not None}
    end.customOptions = np.frombuffer(bytes(flexbuffers.Dumps(kept)), np.uint8)
    writer.graph.inputs, writer.graph.outputs = [0], outputs


def found_in(content: bytes) -> Found:
    return read(WeightFile(FILE, content))


@pytest.fixture(scope="module")
def network() -> Network:
    return tiny()


@pytest.fixture(scope="module")
def content(network: Network) -> bytes:
    return written(network)


def test_a_detector_is_found_with_all_that_it_is_made_of(network: Network, content: bytes) -> None:
    found = found_in(content)
    assert (found.padding, found.activation, found.resolution, found.crop) == ("same", "relu6", SIDE, 1.0)
    assert found.classifier is None and found.quantised is None and len(found.kernels) == 27 + 8
    detecting = found.detecting
    assert detecting is not None and detecting.step == 0
    assert [pair.reads for pair in detecting.predictors] == [22, 26, 28, 30, 32, 34]
    own = detecting.suppressing
    assert (own.most, own.kinds_of_a_box, own.classes, own.by_class) == (8, 1, CLASSES, False)
    assert own.divisors == (10, 10, 5, 5) and own.overlap == pytest.approx(0.6) and own.score == pytest.approx(1e-8)
    fitted = fit(found, where="tiny")
    assert (fitted.framework, fitted.outputs, fitted.architecture.min_depth) == ("ssd", CLASSES, 16)
    for name, tensor in network.state_dict().items():
        assert torch.equal(fitted.state[name], tensor), name


def test_it_answers_as_the_interpreter_does(content: bytes) -> None:
    """The surest box of all needs no suppression; where it stands proves offsets, default boxes and their order."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    own = fit(found_in(content), where="tiny").network().eval()
    draw = np.random.default_rng(0)
    for _ in range(5):
        image = draw.uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32)
        interpreter.set_tensor(0, image)
        interpreter.invoke()
        boxes, kinds, scores = (interpreter.get_tensor(one["index"])[0] for one in interpreter.get_output_details()[:3])
        with torch.no_grad():
            rows = own(torch.from_numpy(image).permute(0, 3, 1, 2))[0]
        told = rows[:, 1 : CLASSES + 1].sigmoid()
        box, kind = divmod(int(told.argmax()), CLASSES)
        assert kind == int(kinds[0]) and float(told.max()) == pytest.approx(float(scores[0]), abs=1e-5)
        place = moved(rows[box, -4:], rows[box, CLASSES + 1 : -4]).numpy()
        np.testing.assert_allclose(place, boxes[0][[1, 0, 3, 2]], atol=1e-5)


WRONG: tuple[tuple[Changes, str], ...] = (
    (Changes(options={"max_detections": None}), "lacks an option .*max_detections"),
    (Changes(options={"num_classes": 0}), "options that cannot be"),
    (Changes(options={"nms_iou_threshold": 1.5}), "options that cannot be"),
    (Changes(options={"nms_score_threshold": float("nan")}), "options that cannot be"),
    (Changes(options={"num_classes": CLASSES + 1}), "at any width"),
    (Changes(options={"h_scale": 4.0}), "10, 10, 4, 5"),
    (Changes(defaults=lambda boxes: boxes + np.float32(0.01)), r"other default boxes, up to 0\.01"),
    (Changes(defaults=lambda boxes: boxes[:-1]), r"its scores are \[1, 96, 4\] for 95 default boxes"),
    (Changes(defaults=lambda boxes: boxes.reshape(-1)), "no constant of four numbers each"),
    (Changes(sigmoid=False), "through no LOGISTIC"),
    (Changes(swapped=True), "from different maps"),
    (Changes(fused=3), "has an activation"),
)


@pytest.mark.parametrize(("changes", "why"), WRONG, ids=[why for _, why in WRONG])
def test_what_is_no_such_detector_is_refused_in_one_line(network: Network, changes: Changes, why: str) -> None:
    with pytest.raises(UsageError, match=rf"^tiny.*{why}") as caught:
        fit(found_in(written(network, changes)), where="tiny")
    assert "\n" not in str(caught.value)


def test_another_ssd_is_not_taken_for_ours(content: bytes) -> None:
    found = found_in(content)
    assert found.detecting is not None
    few = dataclasses.replace(found.detecting, boxes=found.detecting.boxes[:-1])
    pairs = list(found.detecting.predictors)
    pairs[0] = dataclasses.replace(pairs[0], reads=21)
    earlier = dataclasses.replace(found.detecting, predictors=tuple(pairs))
    for detecting, why in (
        (few, "95 default boxes and ours 96"),
        (earlier, "predicts from separable_11/depthwise, sep"),
    ):
        with pytest.raises(UsageError, match=why):
            fit(dataclasses.replace(found, detecting=detecting), where="tiny")


def test_heads_that_go_round_in_a_circle_end(network: Network, content: bytes) -> None:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    operators = model.subgraphs[0].operators
    joint = next(one for one in operators if model.operatorCodes[one.opcodeIndex].builtinCode == BUILTIN.CONCATENATION)
    first = next(one for one in operators if one.outputs[0] == joint.inputs[0])
    first.inputs = [joint.outputs[0], first.inputs[1]]
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(UsageError, match="the way back from"):
        found_in(bytes(builder.Output()))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_are_found_or_refused(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(copy.copy(content))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 4))
        word = data.draw(st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 1)))
        damaged[at : at + 4] = word.to_bytes(4, "little")
    try:
        fit(found_in(bytes(damaged)), where="tiny")
    except UsageError as error:
        assert "\n" not in str(error) and str(error).startswith("tiny")


def test_the_published_detector_is_known_for_what_it_is(shared_data: Path) -> None:
    found = read_weights(shared_data / "weights" / "ssd_mobilenet_v1_coco_quant_detect.tflite")
    assert found.form == "TFLite (uint8)" and found.mean == found.std == 3 * (128 / 255,)
    # Its first layers say no activation: their whole numbers end at 6.
    assert (found.padding, found.activation, found.classes) == ("same", "relu6", None)
    detecting = found.detecting
    assert detecting is not None and detecting.boxes.shape == (1917, 4)
    own = detecting.suppressing
    assert (own.most, own.kinds_of_a_box, own.classes, own.by_class) == (10, 1, 90, False)
    fitted = fit(found, where="ssd")
    assert (fitted.architecture.width, fitted.architecture.resolution, fitted.outputs) == (0.75, 300, 90)
    assert any("up to 0.0032 of the image" in note for note in fitted.notes)
