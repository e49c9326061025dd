"""A TFLite file as it is: its operators in running order, its tensors, their quantisation and their numbers.

Field numbers are those of TensorFlow's `tensorflow/lite/schema/schema.fbs`, version 3 ("TFL3").
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.weights.formats.flatbuffer import Content, Table
from mobilenets.weights.formats.tflite_operators import Operator, kind_of, operator_of
from mobilenets.weights.formats.tflite_tensors import READ, Tensor, dequantised, tensor_of
from mobilenets.weights.found import Array

_SCHEMA = 3


@dataclass(frozen=True, kw_only=True)
class Model:
    """A file's first graph; `where` names the file in messages. Tensors are parsed when they are asked for."""

    content: Content
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    _tensors: list[Table]
    _buffers: list[Table]
    _known: dict[int, Tensor] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return self.content.where

    @cached_property
    def readers(self) -> dict[int, tuple[Operator, ...]]:
        """The operators that read each tensor."""
        found: dict[int, list[Operator]] = {}
        for operator in self.operators:
            for number in dict.fromkeys(operator.inputs):
                found.setdefault(number, []).append(operator)
        return {number: tuple(operators) for number, operators in found.items()}

    @cached_property
    def makers(self) -> dict[int, Operator]:
        """The operator that makes each tensor."""
        return {number: operator for operator in self.operators for number in operator.outputs}

    def tensor(self, number: int) -> Tensor:
        """A tensor by its number; raises `UsageError` where there is none."""
        if number not in self._known:
            if not 0 <= number < len(self._tensors):
                raise self.content.damaged(f"it has no tensor {number} of {len(self._tensors)}")
            self._known[number] = tensor_of(self._tensors[number])
        return self._known[number]

    def constant(self, number: int) -> NDArray[Any] | None:
        """The numbers of a tensor as they are stored, in its shape; None for one that is computed."""
        tensor = self.tensor(number)
        if not 0 <= tensor.buffer < len(self._buffers):
            raise self.content.damaged(f"tensor {tensor.name} is in buffer {tensor.buffer} of {len(self._buffers)}")
        stored = self._stored(self._buffers[tensor.buffer])
        if not len(stored):
            return None
        if tensor.type not in READ:
            raise self.content.unread(f"tensor {tensor.name} of {tensor.type}")
        own = np.dtype(tensor.type).newbyteorder("<")
        if math.prod(tensor.shape) * own.itemsize != len(stored):
            shape = " x ".join(map(str, tensor.shape))
            raise self.content.damaged(
                f"tensor {tensor.name} is {shape} of {tensor.type} and has {len(stored):,} bytes"
            )
        return stored.view(own).reshape(tensor.shape)

    def values(self, number: int) -> Array | None:
        """The numbers of a constant tensor as floats of 32 bits, dequantised where it has a grid; None if computed.

        Raises `UsageError` for numbers that are not finite.
        """
        stored = self.constant(number)
        if stored is None:
            return None
        tensor = self.tensor(number)
        values = stored.astype(np.float32) if tensor.grid is None else dequantised(stored, tensor.grid, tensor.axis)
        if not np.isfinite(values).all():
            raise self.content.damaged(f"tensor {tensor.name} holds numbers that are not finite")
        return values

    def _stored(self, buffer: Table) -> NDArray[np.uint8]:
        """The bytes of a buffer: its own vector, or in large files a range behind everything else."""
        offset, size = buffer.whole(1, "Q"), buffer.whole(2, "Q")
        if offset <= 1:
            return buffer.numbers(0, "u1", what="a tensor")
        self.content.check(offset, size, what="a tensor")
        self.content.charge(size)
        return np.frombuffer(self.content.data, np.uint8, size, offset)


def parse(data: bytes, *, where: str) -> Model:
    """Parse a file's first graph. Raises `UsageError`, in one line that names `where`, for whatever is damaged."""
    content = Content(data, where)
    root = content.root()
    if root.whole(0, "I") != _SCHEMA:
        raise content.damaged(f"its schema has version {root.whole(0, 'I')} and not {_SCHEMA}")
    graphs = root.tables(2, what="graphs")
    if not graphs:
        raise content.damaged("it holds no graph")
    kinds = [kind_of(code) for code in root.tables(1, what="kinds of operators")]
    return Model(
        content=content,
        operators=tuple(operator_of(table, kinds) for table in graphs[0].tables(3, what="operators")),
        inputs=graphs[0].wholes(1, what="a list of inputs"),
        outputs=graphs[0].wholes(2, what="a list of outputs"),
        _tensors=graphs[0].tables(0, what="tensors"),
        _buffers=root.tables(4, what="buffers"),
    )
