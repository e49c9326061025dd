"""A TensorProto as an array (tensorflow/core/framework: tensor.proto, types.proto)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobilenets.weights.formats.graphdef.nodes import shape_of
from mobilenets.weights.formats.graphdef.wire import GraphError, Message

Constant = NDArray[np.float32] | NDArray[np.int64]

_DTYPE, _SHAPE, _CONTENT = 1, 2, 4
_MOST_DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type of number: how it lies in `tensor_content`, and the repeated field that may hold it instead."""

    stored: str
    field: int
    varints: bool = False

    @property
    def floating(self) -> bool:
        return not self.stored.startswith("<i")


_BFLOAT16 = 14
_KINDS = {
    1: _Kind("<f4", 5),
    2: _Kind("<f8", 6),
    3: _Kind("<i4", 7, varints=True),
    9: _Kind("<i8", 10, varints=True),
    _BFLOAT16: _Kind("<u2", 13, varints=True),
    19: _Kind("<f2", 13, varints=True),
}


def array_of(tensor: Message, *, called: str) -> Constant:
    """The array of a tensor, floats as float32 and integers as int64.

    Raises `GraphError` that names it as `called` where its numbers are no floats or integers, or not as many as its
    shape says. A repeated field may hold fewer: its last number fills the rest.
    """
    number, shape, content = _parts(tensor)
    kind = _KINDS.get(number)
    if kind is None:
        raise GraphError(f"{called} is of type {number}, not floats or integers (quantised or text)")
    if len(shape) > _MOST_DIMENSIONS or any(size < 0 for size in shape):
        raise GraphError(f"{called} is damaged: its shape is {shape[: _MOST_DIMENSIONS + 1]}")
    count = math.prod(shape)
    if count == 0:
        return np.zeros(0, np.float32)
    if len(content):
        if len(content) != count * np.dtype(kind.stored).itemsize:
            raise GraphError(f"{called} is damaged: {len(content):,} bytes for the shape {shape}")
        values = np.frombuffer(content, kind.stored)
    else:
        values = _filled(_listed(tensor, kind, called), count, tensor, called)
    return _converted(values, number).reshape(shape)


def _converted(values: NDArray[np.generic], number: int) -> Constant:
    if number == _BFLOAT16:  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(over="ignore"):  # a double too large for a float is infinite, which is refused where it is used
        return values.astype(np.float32) if _KINDS[number].floating else values.astype(np.int64)


def _parts(tensor: Message) -> tuple[int, tuple[int, ...], memoryview]:
    number, content = 0, memoryview(b"")
    shape: tuple[int, ...] = ()
    for field in tensor.fields():
        if field.number == _DTYPE:
            number = field.integer()
        elif field.number == _SHAPE:
            shape = shape_of(tensor.inner(field))
        elif field.number == _CONTENT:
            content = field.content()
    return number, shape, content


def _listed(tensor: Message, kind: _Kind, called: str) -> NDArray[np.generic]:
    stored = np.dtype(kind.stored)
    if kind.varints:
        wide = np.array(tensor.integers(kind.field), np.int64)
        unsigned = wide.astype(f"<u{stored.itemsize}")  # halves are written as the integers of their bits
        return unsigned.view(stored)
    parts = [field.content() for field in tensor.fields() if field.number == kind.field]
    joined = b"".join(parts)
    if len(joined) % stored.itemsize:
        raise GraphError(f"{called} is damaged: {len(joined)} bytes are no whole number of floats")
    return np.frombuffer(joined, stored)


def _filled(values: NDArray[np.generic], count: int, tensor: Message, called: str) -> NDArray[np.generic]:
    if len(values) > count:
        raise GraphError(f"{called} is damaged: {len(values):,} numbers for {count:,} places")
    if len(values) == count:
        return values
    tensor.budget.array(count)
    filled = np.full(count, values[-1] if len(values) else 0, values.dtype)
    filled[: len(values)] = values
    return filled
