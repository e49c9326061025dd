"""ONNX, run by ONNX Runtime."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.deployment.int8.operators import count_operators
from mobilenets.deployment.int8.protocol import Calibration, Method, QuantisedFile
from mobilenets.deployment.int8.qdq import quantised
from mobilenets.deployment.runtimes.protocol import Images, Session, unreadable
from mobilenets.deployment.runtimes.quiet import quiet
from mobilenets.deployment.runtimes.survivors import survivors_table
from mobilenets.deployment.shipped import IMAGES, OUTPUTS, Shipped, Signature
from mobilenets.errors import JobError

# The one that torch's exporter writes by itself; ONNX Runtime reads it from 1.17 on.
OPSET = 20
_ERRORS_ONLY = 3
INT8_DETAILS = {"weights": "int8 symmetric by channel", "activations": "uint8 asymmetric"}


@dataclass(frozen=True, slots=True)
class OnnxSession:
    """A file in ONNX Runtime; `inner` is its `InferenceSession`."""

    inner: Any

    def __call__(self, images: Images) -> NDArray[np.float32]:
        outputs: NDArray[np.float32] = self.inner.run([OUTPUTS], {IMAGES: images})[0]
        return outputs


@dataclass(frozen=True, slots=True)
class OnnxRuntime:
    """`model.onnx`, weights inside."""

    name: str = "onnx"
    title: str = "ONNX Runtime"
    file: str = "model.onnx"
    makers: tuple[str, ...] = ("onnx", "onnxscript")
    runner: str = "onnxruntime"
    static: bool = False
    suppresses: bool = True
    system: str = ""
    methods: tuple[Method, ...] = ("minmax", "percentile", "entropy")
    install: str = "pip install 'mobilenets[onnx]'"

    def export(self, module: Shipped, signature: Signature, file: Path) -> Mapping[str, Any]:
        file.write_bytes(onnx_bytes(module, signature))
        return {"opset": OPSET}

    def export_int8(
        self, module: Shipped, signature: Signature, file: Path, *, calibration: Calibration
    ) -> QuantisedFile:
        model = onnx_int8(module, signature, calibration)
        file.write_bytes(model.SerializeToString())
        return QuantisedFile({"opset": OPSET, **INT8_DETAILS}, count_operators(model))

    def resize(self, file: Path, signature: Signature, out: Path) -> None:
        import onnx

        model = onnx.load(file)
        sides = model.graph.input[0].type.tensor_type.shape.dim
        for place, length in enumerate(signature.shape):
            assert isinstance(length, int)  # `resize` is for files without free axes
            sides[place].dim_value = length
        out.write_bytes(model.SerializeToString())

    def open(self, file: Path, *, threads: int = 0) -> Session:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        try:
            return OnnxSession(
                onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"]),
            )
        except Exception as error:  # its errors have no class in common
            raise unreadable(file, self.title, error) from error


def onnx_bytes(module: Shipped, signature: Signature) -> bytes:
    """A module as an ONNX file with its weights inside: input `images`, output `outputs`."""
    import torch

    with quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            (signature.example(),),
            input_names=[IMAGES],
            output_names=[OUTPUTS],
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            dynamic_shapes={IMAGES: signature.axes} if signature.axes else None,
            verbose=False,
            custom_translation_table=survivors_table(),
        )
    assert program is not None  # it is, unless a file was asked for
    model = program.model_proto
    _strip(model)
    content: bytes = model.SerializeToString()
    return content


def onnx_int8(module: Shipped, signature: Signature, calibration: Calibration) -> Any:
    """A module as an ONNX file in 8 bits, as a `ModelProto`: input `images`, output `outputs`, of `OPSET`."""
    model = quantised(onnx_bytes(module, signature), module, signature, calibration)
    _strip(model)
    opset = next(entry.version for entry in model.opset_import if not entry.domain)
    if opset != OPSET:
        raise JobError(f"ONNX Runtime's quantiser made a file of opset {opset} where {OPSET} was given")
    return model


def _strip(model: Any) -> None:
    """Take out what is noted and not needed: stack traces with the paths of this machine, shapes that follow."""
    graph = model.graph
    del graph.value_info[:]
    for part in (model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
