"""A LiteRT file in 8 bits by ai-edge-quantizer, and what of one is in 8 bits.

Weights are symmetric with a scale a channel, activations signed with a zero point, biases of 32 bits. The scaling of
the image's bytes stays in floats; what the quantiser leaves in floats else is not counted as 8 bits.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mobilenets.deployment.int8.fake import Range
from mobilenets.deployment.int8.image import image_range, shifted_range
from mobilenets.deployment.int8.protocol import Calibration, Operators
from mobilenets.deployment.int8.rows import SCOPE, ends_in_rows
from mobilenets.deployment.shipped import Shipped, Signature

Ranges = dict[str, dict[str, NDArray[np.float32]]]

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "BATCH_MATMUL")
# What may stand between the scaled image and the first convolution, and changes no value.
_MOVES = ("PAD", "PADV2", "TRANSPOSE")


def quantised(content: bytes, module: Shipped, signature: Signature, calibration: Calibration) -> bytes:
    """A float LiteRT file in 8 bits."""
    from ai_edge_quantizer import quantizer, recipe
    from ai_edge_quantizer.qtyping import TFLOperationName

    tool = quantizer.Quantizer(bytearray(content), recipe.static_wi8_ai8())
    for left in (TFLOperationName.INPUT, TFLOperationName.OUTPUT, TFLOperationName.SUB, TFLOperationName.MUL):
        tool.update_quantization_recipe(".*", left, algorithm_key=quantizer.AlgorithmName.NO_QUANTIZE)
    if ends_in_rows(module):
        every = TFLOperationName.ALL_SUPPORTED
        tool.update_quantization_recipe(SCOPE, every, algorithm_key=quantizer.AlgorithmName.NO_QUANTIZE)
    made = tool.quantize(_ranges(content, module, signature, calibration)).quantized_model
    return bytes(made)


def count_operators(content: bytes) -> Operators:
    """The convolutions and matrix products of a LiteRT file: in 8 bits where input, weights and output are."""
    from ai_edge_litert import schema_py_generated as schema

    model = _read(content)
    total, floats = 0, []
    for graph in model.subgraphs:
        for operator, code in zip(graph.operators, _codes(model, graph), strict=True):
            if code in _WEIGHTED:
                total += 1
                tensors = [graph.tensors[place] for place in (*operator.inputs[:2], operator.outputs[0])]
                if any(tensor.type != schema.TensorType.INT8 for tensor in tensors):
                    floats.append(tensors[-1].name.decode())
    return Operators(total, total - len(floats), tuple(floats))


def _ranges(content: bytes, module: Shipped, signature: Signature, calibration: Calibration) -> Ranges:
    """The least and the greatest value of each float tensor that is computed, by its name.

    The quantiser's own calibration takes a moving average of them, which follows from the order of the photographs.
    """
    from ai_edge_litert.interpreter import Interpreter

    model = _read(content)
    graph = model.subgraphs[0]
    computed = {*graph.inputs, *(place for operator in graph.operators for place in operator.outputs)}
    interpreter = Interpreter(
        model_content=content, experimental_preserve_all_tensors=True, num_threads=torch.get_num_threads()
    )
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    looked = [one for one in interpreter.get_tensor_details() if one["index"] in computed]
    seen: dict[str, Range] = {}
    for images in calibration.parts(signature.batch or 1):
        interpreter.set_tensor(taken["index"], images)
        interpreter.invoke()
        for one in looked:
            if one["dtype"] is np.float32:
                _widen(seen, one["name"], interpreter.get_tensor(one["index"]))
    scaled, names = _images(graph, _codes(model, graph))
    image = image_range(module) if scaled else shifted_range(module)
    seen |= dict.fromkeys(names, image)
    return {name: {"min": _values(one.low), "max": _values(one.high)} for name, one in seen.items()}


def _values(end: float) -> NDArray[np.float32]:
    return np.array([[end]], np.float32)


def _widen(seen: dict[str, Range], name: str, values: NDArray[np.float32]) -> None:
    low, high = float(values.min()), float(values.max())
    known = seen.get(name, Range(low, high))
    seen[name] = Range(min(known.low, low), max(known.high, high))


def _images(graph: Any, codes: Sequence[str]) -> tuple[bool, set[str]]:
    """Whether the image is scaled before the first convolution, and the tensors that hold it as it is read there.

    The converter leaves what bytes are multiplied by to the convolution's kernel where it can.
    """
    first = codes.index("CONV_2D")
    moved = [graph.operators[place] for place in range(first) if codes[place] in _MOVES]
    held = {graph.operators[first].inputs[0], *(one.inputs[0] for one in moved), *(one.outputs[0] for one in moved)}
    scaled = "SUB" not in codes[:first] or "MUL" in codes[:first]
    return scaled, {graph.tensors[place].name.decode() for place in held}


def _read(content: bytes) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def _codes(model: Any, graph: Any) -> list[str]:
    """What each operator of a graph computes, as a word of `BuiltinOperator`."""
    from ai_edge_litert import schema_py_generated as schema

    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    return [names[model.operatorCodes[one.opcodeIndex].builtinCode] for one in graph.operators]
