"""ExecuTorch, on the CPU through XNNPACK."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mobilenets.deployment.int8.protocol import Calibration, Method, QuantisedFile
from mobilenets.deployment.int8.pt2e import count_operators, quantised
from mobilenets.deployment.runtimes.channels_last import ChannelsLast
from mobilenets.deployment.runtimes.protocol import Images, Session, refused, unreadable
from mobilenets.deployment.runtimes.quiet import quiet
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.errors import UsageError

_METHOD = "forward"
INT8_DETAILS = {"weights": "int8 symmetric by channel", "activations": "int8 asymmetric"}


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class ExecuTorchSession:
    """A file in ExecuTorch; `inner` is its `Method`."""

    inner: Any

    def __call__(self, images: Images) -> NDArray[np.float32]:
        (outputs,) = self.inner.execute([torch.tensor(images)])
        given: NDArray[np.float32] = outputs.numpy()
        return given


_open: WeakSet[ExecuTorchSession] = WeakSet()


@dataclass(frozen=True, slots=True)
class ExecuTorch:
    """`model.pte`, weights inside: the method `forward`."""

    name: str = "executorch"
    title: str = "ExecuTorch"
    file: str = "model.pte"
    makers: tuple[str, ...] = ()
    runner: str = "executorch"
    static: bool = True
    suppresses: bool = False
    system: str = ""
    methods: tuple[Method, ...] = ("minmax",)
    install: str = "pip install 'mobilenets[executorch]'"

    def export(self, module: Shipped, signature: Signature, file: Path) -> Mapping[str, Any]:
        lowered = self._lowered(lambda: ChannelsLast(module), signature)
        file.write_bytes(lowered.content)
        return lowered.details

    def export_int8(
        self, module: Shipped, signature: Signature, file: Path, *, calibration: Calibration
    ) -> QuantisedFile:
        """As the base says; the logits have 8 bits too before they are given as floats."""
        lowered = self._lowered(lambda: quantised(module, signature, calibration), signature)
        file.write_bytes(lowered.content)
        return QuantisedFile({**lowered.details, **INT8_DETAILS}, count_operators(lowered.content))

    def _lowered(self, made: Callable[[], nn.Module], signature: Signature) -> "_Lowered":
        with quiet():
            from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
            from executorch.exir import to_edge_transform_and_lower

            try:
                program = torch.export.export(made(), (signature.example(),))
                lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
                details = _delegation(lowered.exported_program().graph_module)
                return _Lowered(bytes(lowered.to_executorch().buffer), details)
            except Exception as error:  # its errors have no class in common
                raise refused(self.title, error) from error

    def open(self, file: Path, *, threads: int = 0) -> Session:
        """As the protocol says. The process has one pool of threads for all files.

        Raises `UsageError` too for another number of threads while a file is open.
        """
        with quiet():
            from executorch.runtime import Runtime, Verification

            _set_threads(threads)
            try:
                program = Runtime.get().load_program(file, verification=Verification.InternalConsistency)
                method = program.load_method(_METHOD)
            except (RuntimeError, KeyError) as error:
                raise unreadable(file, self.title, error) from error
        session = ExecuTorchSession(method)
        _open.add(session)
        return session


@dataclass(frozen=True, slots=True)
class _Lowered:
    """What stands in a file, and what the report says of it."""

    content: bytes
    details: Mapping[str, Any]


def _delegation(graph: Any) -> dict[str, Any]:
    """What XNNPACK computes of a lowered graph, and which operators are left to ExecuTorch's own slower ones."""
    from executorch.devtools.backend_debug import get_delegation_info

    found = get_delegation_info(graph)
    left = {
        name: kind.non_delegated
        for name, kind in found.delegation_by_operator.items()
        if kind.non_delegated and name != "getitem"  # takes a delegate's output out of its tuple: no work
    }
    return {
        "backend": "XNNPACK",
        "delegates": found.num_delegated_subgraphs,
        "operators in XNNPACK": found.num_delegated_nodes,
        "operators outside it": ", ".join(f"{count} {name}" for name, count in left.items()) or "none",
    }


def _set_threads(threads: int) -> None:
    """Give the process's pool so many threads; 0 leaves it. An open file holds on to the pool it was opened with."""
    from executorch.extension.pybindings import portable_lib

    now = portable_lib._threadpool_get_thread_count()
    if threads in (0, now):
        return
    gc.collect()
    if _open:
        raise UsageError(f"threads {threads}: ExecuTorch runs another file in this process with {now}; use {now}")
    portable_lib._unsafe_reset_threadpool(threads)
