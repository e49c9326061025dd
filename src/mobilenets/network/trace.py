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
from torch.nn.modules.conv import _ConvNd
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.hooks import RemovableHandle

from mobilenets.architecture.layer import Kind
from mobilenets.network.formulas import MISSING, PER_MULT_ADD


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
    dtype = next((one.dtype for one in module.parameters() if one.is_floating_point()), torch.float32)
    example = torch.empty((1, *input_shape), dtype=dtype, device="meta")
    counter = FlopCounterMode(display=False, custom_mapping=MISSING)
    record = _Record(module, counter)
    with _evaluating(module), _without_values(module), torch.no_grad(), counter, record.watching():
        output = module(example)
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
    def watching(self) -> Iterator[None]:
        handles: list[RemovableHandle] = []
        for one in self._names:
            handles.append(one.register_forward_pre_hook(self._enter))
            handles.append(one.register_forward_hook(self._leave))
        try:
            yield
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
        total = self._counter.get_total_flops() // PER_MULT_ADD
        if self._running:
            self._mult_adds[self._running[-1]] += total - self._charged
        self._charged = total

    def modules(self) -> tuple[TracedModule, ...]:
        """Those that were called in running order, then those whose params alone are read."""
        order = dict.fromkeys((*self._mult_adds, *self._names))
        counted: set[Tensor] = set()
        traced = [self._traced(one, counted) for one in order]
        return tuple(one for one in traced if one.mult_adds or one.params)

    def _traced(self, module: nn.Module, counted: set[Tensor]) -> TracedModule:
        own = set(module.parameters(recurse=False)) - counted
        counted |= own
        in_shape, out_shape = self._shapes.get(module, ((), ()))
        convolution = module if isinstance(module, _ConvNd) else None
        return TracedModule(
            name=self._names[module],
            type=type(module).__name__,
            kind=_kind(module),
            in_shape=in_shape,
            out_shape=out_shape,
            kernel=tuple(convolution.kernel_size) if convolution else (),
            stride=tuple(convolution.stride) if convolution else (),
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
    if not isinstance(module, _ConvNd):
        return "other"
    if module.transposed:
        return "conv"
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


@contextmanager
def _without_values(module: nn.Module) -> Iterator[None]:
    """Parameters and buffers on the device "meta" within, and the very same as before without.

    `torch.func.functional_call` would do, but it gives back wrong ones where a module stands at two places.
    """
    places: list[tuple[nn.Module, str, Tensor]] = []
    for one in module.modules():
        places += [(one, name, tensor) for name, tensor in one.named_parameters(recurse=False, remove_duplicate=False)]
        places += [(one, name, tensor) for name, tensor in one.named_buffers(recurse=False, remove_duplicate=False)]
    empty = {tensor: _empty(tensor) for _, _, tensor in places}
    try:
        for one, name, tensor in places:
            setattr(one, name, empty[tensor])
        yield
    finally:
        for one, name, tensor in places:
            setattr(one, name, tensor)


def _empty(tensor: Tensor) -> Tensor:
    bare = tensor.detach().to("meta")
    return nn.Parameter(bare, requires_grad=False) if isinstance(tensor, nn.Parameter) else bare
