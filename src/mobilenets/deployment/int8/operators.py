"""Counting what an ONNX file computes in 8 bits: by its operators, not by what it is called."""

from typing import Any

from mobilenets.deployment.int8.protocol import Operators

_WEIGHTED = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
_WHOLE = {"QLinearConv", "ConvInteger", "QLinearMatMul", "MatMulInteger", "QGemm"}
# Operators that a runtime computes within the 8-bit convolution before them.
_ACTIVATIONS = {"Clip", "Relu"}
_QUANTISE, _DEQUANTISE = "QuantizeLinear", "DequantizeLinear"


def count_operators(model: Any) -> Operators:
    """The operators of a `ModelProto`.

    An operator counts where it reads quantised values and quantised weights of 8 bits; a convolution also has to give
    its output to be quantised, because runtimes keep it in floats otherwise. A matrix product may end in floats, as
    the logits do.
    """
    graph = _Graph(model.graph)
    weighted = [node for node in model.graph.node if node.op_type in _WEIGHTED]
    whole = sum(node.op_type in _WHOLE for node in model.graph.node)
    floats = tuple(node.name or node.output[0] for node in weighted if not graph.is_int8(node))
    total = len(weighted) + whole
    return Operators(total, total - len(floats), floats)


class _Graph:
    """Who makes a value and who reads it."""

    def __init__(self, graph: Any) -> None:
        self._makers = {name: node for node in graph.node for name in node.output}
        self._kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
        self._readers: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)

    def is_int8(self, node: Any) -> bool:
        if not all(self._is_quantised(name) for name in node.input[:2]):
            return False
        return node.op_type not in ("Conv", "ConvTranspose") or self._is_quantised_next(node.output[0])

    def _is_quantised(self, name: str) -> bool:
        """Whether a value was 8 bits just before: stored so, or quantised on the way."""
        import onnx

        maker = self._makers.get(name)
        if maker is None or maker.op_type != _DEQUANTISE:
            return False
        stored = self._makers.get(maker.input[0])
        if stored is not None:
            return stored.op_type == _QUANTISE and self._has_bytes(stored)
        return self._kinds.get(maker.input[0]) in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)

    def _has_bytes(self, quantise: Any) -> bool:
        """Whether it quantises to 8 bits: its zero point says so, and where there is none it does."""
        import onnx

        zero = quantise.input[2] if len(quantise.input) > 2 else None  # noqa: PLR2004
        return zero is None or self._kinds.get(zero) in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)

    def _is_quantised_next(self, name: str) -> bool:
        readers = self._readers.get(name, [])
        if len(readers) == 1 and readers[0].op_type in _ACTIVATIONS:
            return self._is_quantised_next(readers[0].output[0])
        return bool(readers) and all(reader.op_type == _QUANTISE for reader in readers)
