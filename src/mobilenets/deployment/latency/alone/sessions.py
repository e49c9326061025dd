"""Model files opened in their runtimes, as the artefacts' own sessions open them. Each runtime is one class here."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from .by_kind import Node

NO_PROFILE = "{} gives no times of its layers here"


@dataclass(frozen=True)
class Nodes:
    """The nodes of a model with their times; where there are none `why` says why."""

    found: Sequence[Node]
    why: str = ""


class Opened(Protocol):
    """A model file, opened."""

    def __call__(self, images: Any) -> Any:
        """The outputs for a batch."""
        ...

    def nodes(self, images: Any, repeats: int) -> Nodes:
        """The times of its nodes, each the median over so many runs."""
        ...


class Onnx:
    """ONNX Runtime."""

    def __init__(self, file: str, threads: int) -> None:
        self.file, self.threads = file, threads
        self.session = self._session()

    def _session(self, profile: str = "") -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.log_severity_level = 3
        if profile:
            options.enable_profiling, options.profile_file_prefix = True, profile
        return onnxruntime.InferenceSession(self.file, options, providers=["CPUExecutionProvider"])

    def __call__(self, images: Any) -> Any:
        return self.session.run(None, {self.session.get_inputs()[0].name: images})[0]

    def nodes(self, images: Any, repeats: int) -> Nodes:
        """From its own profiler, which notes each node of each run in a file."""
        with tempfile.TemporaryDirectory() as folder:
            session = self._session(str(Path(folder) / "profile"))
            for _ in range(repeats):
                session.run(None, {session.get_inputs()[0].name: images})
            events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
        ran = [one for one in events if one.get("cat") == "Node" and one["name"].endswith("_kernel_time")]
        runs = [[Node(one["args"]["op_name"], one["dur"] / 1e6) for one in part] for part in _parts(ran, repeats)]
        return Nodes(_middle(runs))


class OpenVino:
    """OpenVINO, in float32 where the file does not say int8."""

    def __init__(self, file: str, threads: int) -> None:
        self.file, self.threads = file, threads
        self.compiled = self._compiled()

    def _compiled(self, **more: Any) -> Any:
        import openvino

        settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", **more}
        return openvino.Core().compile_model(self.file, "CPU", {**settings, "INFERENCE_NUM_THREADS": self.threads})

    def __call__(self, images: Any) -> Any:
        return self.compiled(images)[0]

    def nodes(self, images: Any, repeats: int) -> Nodes:
        """From its performance counters."""
        request = self._compiled(PERF_COUNT=True).create_infer_request()
        runs = []
        for _ in range(repeats):
            request.infer([images])
            ran = [one for one in request.profiling_info if str(one.status).endswith("EXECUTED")]
            runs.append([Node(one.node_type, one.real_time.total_seconds()) for one in ran])
        return Nodes(_middle(runs))


class LiteRt:
    """LiteRT's interpreter with XNNPACK, which takes images of one shape."""

    def __init__(self, file: str, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(model_path=file, num_threads=threads)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]["index"]
        self.output = self.interpreter.get_output_details()[0]["index"]

    def __call__(self, images: Any) -> Any:
        self.interpreter.set_tensor(self.input, images)
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output)

    def nodes(self, images: Any, repeats: int) -> Nodes:
        return Nodes((), NO_PROFILE.format("LiteRT"))


class ExecuTorch:
    """ExecuTorch with XNNPACK, which takes torch's tensors of one shape."""

    def __init__(self, file: str, threads: int) -> None:
        import torch
        from executorch.extension.pybindings import portable_lib
        from executorch.runtime import Runtime, Verification

        portable_lib._unsafe_reset_threadpool(threads)
        self.tensor = torch.from_numpy
        program = Runtime.get().load_program(Path(file), verification=Verification.InternalConsistency)
        self.method = program.load_method("forward")

    def __call__(self, images: Any) -> Any:
        return self.method.execute([self.tensor(images)])[0].numpy()

    def nodes(self, images: Any, repeats: int) -> Nodes:
        return Nodes((), NO_PROFILE.format("ExecuTorch"))


class _Registered:
    """A runtime of the package that a kit has no class for, as its artefacts are opened to answer."""

    def __init__(self, runtime: Any, file: str, threads: int) -> None:
        self.title, self.session = runtime.title, runtime.open(Path(file), threads=threads)

    def __call__(self, images: Any) -> Any:
        return self.session(images)

    def nodes(self, images: Any, repeats: int) -> Nodes:
        return Nodes((), NO_PROFILE.format(self.title))


OPENERS: Mapping[str, Callable[[str, int], Opened]] = {
    "onnx": Onnx,
    "openvino": OpenVino,
    "litert": LiteRt,
    "executorch": ExecuTorch,
}
# What each loads of its runtime, which is not the opening of a model.
_MODULES = {
    "onnx": ("onnxruntime",),
    "openvino": ("openvino",),
    "litert": ("ai_edge_litert.interpreter",),
    "executorch": ("torch", "executorch.runtime", "executorch.extension.pybindings.portable_lib"),
}


def opener(runtime: str) -> Callable[[str, int], Opened]:
    """What opens a runtime's files, with the runtime loaded.

    Beside `OPENERS` there are those that the whole package knows, where it is installed.
    """
    if runtime in OPENERS:
        for name in _MODULES[runtime]:
            import_module(name)
        return OPENERS[runtime]
    found = import_module("mobilenets.deployment.runtimes.registry").runtime_named(runtime)
    return partial(_Registered, found)


def _parts(events: Sequence[Any], count: int) -> list[Sequence[Any]]:
    length = len(events) // count
    return [events[place * length : (place + 1) * length] for place in range(count)]


def _middle(runs: Sequence[Sequence[Node]]) -> tuple[Node, ...]:
    """Each node with the median of its times over the runs."""
    return tuple(
        Node(node.op, statistics.median(run[place].seconds for run in runs)) for place, node in enumerate(runs[0])
    )
