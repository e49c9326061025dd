"""An ONNX file in 8 bits by ONNX Runtime's quantiser: QuantizeLinear and DequantizeLinear around every operator.

Weights are symmetric with a scale a channel, activations unsigned with a zero point, biases of 32 bits.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from mobilenets.deployment.int8.fake import Range
from mobilenets.deployment.int8.image import image_range
from mobilenets.deployment.int8.protocol import Calibration, Method
from mobilenets.deployment.runtimes.protocol import Images
from mobilenets.deployment.runtimes.quiet import quiet
from mobilenets.deployment.shipped import IMAGES, Shipped, Signature

_OPERATORS = ["Conv", "Gemm", "MatMul", "Clip", "Relu", "LeakyRelu"]
# The network's outputs stay floats: nothing reads them in 8 bits, and ranks would be lost.
_FLOAT_OUTPUTS = ["Gemm", "MatMul"]
# Histograms are made of so many photographs at a time, whose activations are held together.
_AT_ONCE = 4
_SETTINGS: dict[Method, dict[str, Any]] = {
    "minmax": {},
    "percentile": {"percentile": 99.999, "symmetric": False},
    "entropy": {},
}


def quantised(content: bytes, module: Shipped, signature: Signature, calibration: Calibration) -> Any:
    """The ONNX file of a module in 8 bits, as a `ModelProto`."""
    import onnx

    with tempfile.TemporaryDirectory(prefix="mobilenets-int8-") as folder, quiet():
        prepared = _prepared(content, Path(folder))
        ranges = _ranges(prepared, signature, calibration, Path(folder))
        model = onnx.load(prepared)
    first = next(node for node in model.graph.node if node.op_type in _OPERATORS)
    ranges.data[first.input[0]] = _tensor_data(image_range(module))
    with quiet():
        made = _inserted(model, ranges)
    _forget_domains(made)
    return made


def _prepared(content: bytes, folder: Path) -> Path:
    """The file with shapes known and padding within the convolutions."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    given, prepared = folder / "given.onnx", folder / "prepared.onnx"
    given.write_bytes(content)
    quant_pre_process(str(given), str(prepared), skip_symbolic_shape=True)
    return prepared


def _ranges(prepared: Path, signature: Signature, calibration: Calibration, folder: Path) -> Any:
    """What each activation was seen to take (`TensorsData`)."""
    from onnxruntime.quantization import CalibrationMethod, create_calibrator

    methods = {
        "minmax": CalibrationMethod.MinMax,
        "percentile": CalibrationMethod.Percentile,
        "entropy": CalibrationMethod.Entropy,
    }
    calibrator = create_calibrator(
        prepared,
        _OPERATORS,
        augmented_model_path=str(folder / "augmented.onnx"),
        calibrate_method=methods[calibration.method],
        providers=["CPUExecutionProvider"],
        extra_options=_SETTINGS[calibration.method],
    )
    for part in calibration.parts(signature.batch or _AT_ONCE):
        calibrator.collect_data(_Reader(part))
    return calibrator.compute_data()


class _Reader:
    """Hands one batch to a calibrator (`CalibrationDataReader`)."""

    def __init__(self, images: Images) -> None:
        self._next: dict[str, Images] | None = {IMAGES: images}

    def get_next(self) -> dict[str, Images] | None:
        given, self._next = self._next, None
        return given


def _tensor_data(seen: Range) -> Any:
    from onnxruntime.quantization.calibrate import TensorData

    return TensorData(lowest=np.float32(seen.low), highest=np.float32(seen.high))


def _inserted(model: Any, ranges: Any) -> Any:
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

    quantiser = QDQQuantizer(
        model,
        True,  # a scale a channel
        False,  # all 8 bits of the weights
        QuantType.QInt8,
        QuantType.QUInt8,
        ranges,
        [],
        [],
        _OPERATORS,
        {
            "ActivationSymmetric": False,
            "WeightSymmetric": True,
            "OpTypesToExcludeOutputQuantization": _FLOAT_OUTPUTS,
        },
    )
    quantiser.quantize_model()
    return quantiser.model.model


def _forget_domains(model: Any) -> None:
    """Leave out the operator sets that ONNX Runtime's preparation lists and no operator is of."""
    used = {node.domain for node in model.graph.node} | {""}
    kept = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
