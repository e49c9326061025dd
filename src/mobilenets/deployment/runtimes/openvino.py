"""OpenVINO, on the CPU."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.deployment.int8.protocol import Calibration, Method, Operators, QuantisedFile
from mobilenets.deployment.int8.rows import ends_in_rows, float_rows
from mobilenets.deployment.runtimes.onnx import INT8_DETAILS, OPSET, onnx_bytes, onnx_int8
from mobilenets.deployment.runtimes.protocol import Images, Session, unreadable
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.errors import JobError

# On a CPU that has bfloat16 OpenVINO computes in it unless told not to, and a file cannot tell it: the answers would
# then be others than those that were verified.
_HINT, _FLOAT32 = "INFERENCE_PRECISION_HINT", "f32"
_WEIGHTED = ("Convolution", "Deconvolution", "FullyConnected", "MatMul")
_BYTES = ("i8", "u8")
_DETAILS = {"from": f"ONNX, opset {OPSET}", "run with": f"{_HINT} {_FLOAT32}"}


@dataclass(frozen=True, slots=True)
class OpenVinoSession:
    """A file in OpenVINO; `inner` is its `CompiledModel`."""

    inner: Any

    def __call__(self, images: Images) -> NDArray[np.float32]:
        # A copy: the runtime writes its next outputs into the same memory.
        outputs: NDArray[np.float32] = np.array(self.inner(np.ascontiguousarray(images))[0])
        return outputs


@dataclass(frozen=True, slots=True)
class OpenVino:
    """`model.xml` with its weights in `model.bin`, made from the ONNX form of the module."""

    name: str = "openvino"
    title: str = "OpenVINO"
    file: str = "model.xml"
    makers: tuple[str, ...] = ("onnx", "onnxscript")
    runner: str = "openvino"
    static: bool = False
    suppresses: bool = True
    system: str = ""
    methods: tuple[Method, ...] = ("minmax", "percentile", "entropy")
    install: str = "pip install 'mobilenets[openvino]'"

    def export(self, module: Shipped, signature: Signature, file: Path) -> Mapping[str, Any]:
        _convert(onnx_bytes(module, signature), file)
        return _DETAILS

    def export_int8(
        self, module: Shipped, signature: Signature, file: Path, *, calibration: Calibration
    ) -> QuantisedFile:
        """As the base says; OpenVINO computes in 8 bits what the ONNX form has between quantised values.

        A detector's predictors give floats: OpenVINO would bring scores and offsets to one grid to join them.
        """
        model = onnx_int8(module, signature, calibration)
        if ends_in_rows(module):
            float_rows(model)
        _convert(model.SerializeToString(), file)
        return QuantisedFile({**_DETAILS, **INT8_DETAILS}, _operators(file))

    def resize(self, file: Path, signature: Signature, out: Path) -> None:
        import openvino

        model = openvino.Core().read_model(file)
        model.reshape([*signature.shape])
        openvino.save_model(model, out, compress_to_fp16=False)

    def open(self, file: Path, *, threads: int = 0) -> Session:
        import openvino

        settings = {_HINT: _FLOAT32, "PERFORMANCE_HINT": "LATENCY"} | (
            {"INFERENCE_NUM_THREADS": threads} if threads else {}
        )
        try:
            return OpenVinoSession(openvino.Core().compile_model(file, "CPU", settings))
        except RuntimeError as error:
            raise unreadable(file, self.title, error) from error


def _convert(content: bytes, file: Path) -> None:
    import openvino

    try:
        model = openvino.Core().read_model(content, b"")
        openvino.save_model(model, file, compress_to_fp16=False)
    except RuntimeError as error:  # a full disk too: it has no other
        raise JobError(f"OpenVINO could not make {file.name}: {error}") from error


def _operators(file: Path) -> Operators:
    """What OpenVINO computes in 8 bits once it has compiled a file for the CPU, by its own account."""
    import openvino

    compiled = openvino.Core().compile_model(file, "CPU", {_HINT: _FLOAT32})
    facts = {one.get_friendly_name(): one.get_rt_info() for one in compiled.get_runtime_model().get_ops()}
    weighted = {name: fact for name, fact in facts.items() if _text(fact["layerType"]) in _WEIGHTED}
    floats = tuple(name for name, fact in weighted.items() if _text(fact["runtimePrecision"]) not in _BYTES)
    return Operators(len(weighted), len(weighted) - len(floats), floats)


def _text(value: Any) -> str:
    """A fact of OpenVINO's, which is text or, in some versions, an object that holds it."""
    return str(getattr(value, "value", value))
