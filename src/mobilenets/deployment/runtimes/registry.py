"""The runtimes, in plain sight. A new one is one file and one line here."""

from mobilenets.deployment.runtimes.coreml import CoreMl
from mobilenets.deployment.runtimes.executorch import ExecuTorch
from mobilenets.deployment.runtimes.litert import LiteRt
from mobilenets.deployment.runtimes.ncnn import Ncnn
from mobilenets.deployment.runtimes.onnx import OnnxRuntime
from mobilenets.deployment.runtimes.openvino import OpenVino
from mobilenets.deployment.runtimes.protocol import Runtime
from mobilenets.errors import UsageError

RUNTIMES: dict[str, Runtime] = {
    "onnx": OnnxRuntime(),
    "openvino": OpenVino(),
    "litert": LiteRt(),
    "executorch": ExecuTorch(),
    "ncnn": Ncnn(),
    "coreml": CoreMl(),
}


def runtime_named(name: str) -> Runtime:
    """The runtime of a name; raises `UsageError` for an unknown one."""
    if name not in RUNTIMES:
        raise UsageError(f"runtime {name!r} is unknown: use one of {', '.join(RUNTIMES)}")
    return RUNTIMES[name]
