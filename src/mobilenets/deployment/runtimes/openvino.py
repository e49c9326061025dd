"""OpenVINO, on the CPU."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.deployment.runtimes.onnx import OPSET, onnx_bytes
from mobilenets.deployment.runtimes.protocol import Images, Session, unreadable
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.errors import JobError

# On a CPU that has bfloat16 OpenVINO computes in it unless told not to, and a file cannot tell it: the answers would
# then be others than those that were verified.
_HINT, _FLOAT32 = "INFERENCE_PRECISION_HINT", "f32"


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

    def export(self, module: Shipped, signature: Signature, file: Path) -> Mapping[str, Any]:
        import openvino

        content = onnx_bytes(module, signature)
        try:
            model = openvino.Core().read_model(content, b"")
            openvino.save_model(model, file, compress_to_fp16=False)
        except RuntimeError as error:  # a full disk too: it has no other
            raise JobError(f"OpenVINO could not make {file.name}: {error}") from error
        return {"from": f"ONNX, opset {OPSET}", "run with": f"{_HINT} {_FLOAT32}"}

    def open(self, file: Path, *, threads: int = 0) -> Session:
        import openvino

        settings = {_HINT: _FLOAT32, "PERFORMANCE_HINT": "LATENCY"} | (
            {"INFERENCE_NUM_THREADS": threads} if threads else {}
        )
        try:
            return OpenVinoSession(openvino.Core().compile_model(file, "CPU", settings))
        except RuntimeError as error:
            raise unreadable(file, self.title, error) from error
