"""The second counter: mult-adds of any `torch.nn.Module`, by running it on tensors without memory (device "meta").

PyTorch's own `FlopCounterMode` sees every operation, functional calls included. It counts two operations a mult-add
and neither biases nor normalisation nor activations, so that half of it is the paper's way of counting.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.hooks import RemovableHandle

from mobilenets.architecture.layer import Kind

_PER_MULT_ADD = 2
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


@dataclass(frozen=True, slots=True)
class TracedModule:
    """What one module does itself, without its children. Shapes are of its first call, with the batch of one.

    `kind` is as in `Layer.kind`; "other" with mult-adds is a product of activations, as in attention, or a functional
    call. Shapes are empty for a module that is not called itself or takes no tensor first.
    """

    name: str
    type: str
    kind: Kind
    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    mult_adds: int
    params: int


@dataclass(frozen=True, slots=True)
class Traced:
    """The sums over `modules`, which are in running order; modules without mult-adds and params are left out.

    `params` is every number of every `nn.Parameter`, frozen or not, once where it is shared; buffers are none.
    `out_shape` is the output's, with the batch of one; empty where the output is no tensor.
    """

    mult_adds: int
    params: int
    out_shape: tuple[int, ...]
    modules: tuple[TracedModule, ...]


def count(module: nn.Module, input_shape: Sequence[int] = (3, 224, 224)) -> Traced:
    """Count one example of `input_shape` (without batch) through `module` in evaluation mode.

    The module is left as it is: its parameters are not moved, and nothing is computed. What the module raises for
    that input, and `NotImplementedError` where its course depends on the values it computes, comes through.
    """
    tensors: dict[str, Tensor] = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    state = {name: tensor.detach().to("meta") for name, tensor in tensors.items()}
    dtype = next((tensor.dtype for tensor in state.values() if tensor.is_floating_point()), torch.float32)
    example = torch.empty((1, *input_shape), dtype=dtype, device="meta")
    with _evaluating(module), torch.no_grad(), FlopCounterMode(display=False, custom_mapping=_MISSING) as counter:
        with _Record(module, counter).watching() as record:
            output = torch.func.functional_call(module, state, (example,))
    modules = record.modules()
    return Traced(
        mult_adds=sum(one.mult_adds for one in modules),
        params=sum(one.params for one in modules),
        out_shape=_shape(output),
        modules=modules,
    )


class _Record:
    """Charges each mult-add to the innermost module that is running, and keeps the shapes of first calls."""

    def __init__(self, module: nn.Module, counter: FlopCounterMode) -> None:
        self._counter = counter
        self._names = {one: name or "network" for name, one in module.named_modules()}
        self._running: list[nn.Module] = []
        self._charged = 0
        self._mult_adds: dict[nn.Module, int] = {}
        self._shapes: dict[nn.Module, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    @contextmanager
    def watching(self) -> Iterator["_Record"]:
        handles: list[RemovableHandle] = []
        for one in self._names:
            handles.append(one.register_forward_pre_hook(self._enter))
            handles.append(one.register_forward_hook(self._leave))
        try:
            yield self
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        self._charge()
        self._running.append(module)
        self._mult_adds.setdefault(module, 0)

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._charge()
        self._running.pop()
        self._shapes.setdefault(module, (_shape(inputs), _shape(output)))

    def _charge(self) -> None:
        total = self._counter.get_total_flops() // _PER_MULT_ADD
        if self._running:
            self._mult_adds[self._running[-1]] += total - self._charged
        self._charged = total

    def modules(self) -> tuple[TracedModule, ...]:
        """Those that were called in running order, then those whose params alone are read."""
        order = {one: None for one in (*self._mult_adds, *self._names)}
        counted: set[Tensor] = set()
        traced = [self._traced(one, counted) for one in order]
        return tuple(one for one in traced if one.mult_adds or one.params)

    def _traced(self, module: nn.Module, counted: set[Tensor]) -> TracedModule:
        own = {parameter for parameter in module.parameters(recurse=False)} - counted
        counted |= own
        in_shape, out_shape = self._shapes.get(module, ((), ()))
        convolution = isinstance(module, (*_CONVOLUTIONS, *_TRANSPOSED))
        return TracedModule(
            name=self._names[module],
            type=type(module).__name__,
            kind=_kind(module),
            in_shape=in_shape,
            out_shape=out_shape,
            kernel=tuple(module.kernel_size) if convolution else (),
            stride=tuple(module.stride) if convolution else (),
            mult_adds=self._mult_adds.get(module, 0),
            params=sum(parameter.numel() for parameter in own),
        )


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, tuple | list) and value:
        value = value[0]
    return tuple(value.shape) if isinstance(value, Tensor) else ()


def _kind(module: nn.Module) -> Kind:
    if isinstance(module, nn.Linear):
        return "linear"
    if isinstance(module, _TRANSPOSED):
        return "conv"
    if not isinstance(module, _CONVOLUTIONS):
        return "other"
    if module.groups == module.in_channels > 1:
        return "depthwise"
    return "pointwise" if prod(module.kernel_size) == 1 and module.groups == 1 else "conv"


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    training = [one for one in module.modules() if one.training]
    module.eval()
    try:
        yield
    finally:
        for one in training:
            one.training = True


def _matrix_vector(matrix: Sequence[int], *_: Any, **__: Any) -> int:
    return _PER_MULT_ADD * prod(matrix)


def _add_matrix_vector(added: Sequence[int], matrix: Sequence[int], *_: Any, **__: Any) -> int:
    return _PER_MULT_ADD * prod(matrix)


def _add_batch(added: Sequence[int], left: Sequence[int], right: Sequence[int], **_: Any) -> int:
    return _PER_MULT_ADD * prod(left) * right[-1]


def _trilinear(*arguments: Any, **_: Any) -> int:
    """`nn.Bilinear`: three factors, each with dimensions of 1 put in, multiplied at every place of their broadcast."""
    shapes = [list(shape) for shape in arguments[:3]]
    for shape, places in zip(shapes, arguments[3:6], strict=True):
        for place in sorted(places):
            shape.insert(place, 1)
    return _PER_MULT_ADD * prod(torch.broadcast_shapes(*shapes))


# Products that PyTorch's counter takes for free.
_MISSING = {
    torch.ops.aten.mv: _matrix_vector,
    torch.ops.aten.dot: _matrix_vector,
    torch.ops.aten.vdot: _matrix_vector,
    torch.ops.aten.addmv: _add_matrix_vector,
    torch.ops.aten.addbmm: _add_batch,
    torch.ops.aten._trilinear: _trilinear,
}
