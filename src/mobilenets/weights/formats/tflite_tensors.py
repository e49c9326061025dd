"""The tensors of a TFLite file: shapes, types, grids, and the numbers of constants as floats."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.network.quantisation import Grid
from mobilenets.weights.formats.flatbuffer import Content, Table
from mobilenets.weights.found import Array

# TensorType by numpy's names; the others are not read.
_TYPES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8"}
READ = frozenset(_TYPES.values())
_MOST_DIMENSIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """A tensor: its name, its shape, numpy's name of its type, and the values its whole numbers stand for.

    A grid of several scales runs along the axis `axis`. `buffer` is where its numbers stand, if it is a constant.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    buffer: int
    grid: Grid | None
    axis: int


def tensor_of(table: Table) -> Tensor:
    """A tensor; raises `UsageError` for one that is damaged."""
    content = table.content
    name, kind = table.text(3), table.whole(1, "b")
    shape = table.wholes(0, what="a shape")
    if len(shape) > _MOST_DIMENSIONS or any(side < 1 for side in shape):
        raise content.damaged(f"tensor {name} has the shape {list(shape[:_MOST_DIMENSIONS])}")
    if table.table(6) is not None:
        raise content.unread(f"tensor {name}, which is stored sparse,")
    own = _TYPES.get(kind, f"type {kind}")
    facts = table.table(4)
    axis = 0 if facts is None else facts.whole(6, "i")
    grid = None if facts is None or not own.startswith(("int", "uint")) else _grid(facts, own, name, content)
    if grid and len(grid.scales) > 1 and (not 0 <= axis < len(shape) or shape[axis] != len(grid.scales)):
        raise content.damaged(f"tensor {name} has {len(grid.scales)} scales along axis {axis} of {list(shape)}")
    return Tensor(name=name, shape=shape, type=own, buffer=table.whole(2, "I"), grid=grid, axis=axis)


def _grid(facts: Table, own: str, name: str, content: Content) -> Grid | None:
    scales = tuple(facts.numbers(2, "<f4", what="scales").tolist())
    zeros = tuple(facts.numbers(3, "<i8", what="zero points").tolist()) or (0,) * len(scales)
    if not scales:
        return None
    if not all(math.isfinite(scale) and scale > 0 for scale in scales):
        raise content.damaged(f"tensor {name} has scales that are not positive")
    range_ = np.iinfo(own)
    low, high = int(range_.min), int(range_.max)
    if len(zeros) != len(scales) or not all(low <= zero <= high for zero in zeros):
        raise content.damaged(f"tensor {name} has zero points that do not fit its {len(scales)} scales of {own}")
    return Grid(scales=scales, zero_points=zeros, low=low, high=high)


def dequantised(stored: NDArray[Any], grid: Grid, axis: int) -> Array:
    """scale * (q - zero_point), rounded once to 32 bits."""
    exact = np.float32 if stored.itemsize == 1 else np.float64  # what holds q - zero_point without rounding
    along = (-1, *(1,) * (stored.ndim - 1 - axis)) if len(grid.scales) > 1 else (-1,)
    values = stored.astype(exact).reshape(stored.shape or -1)
    with np.errstate(over="ignore"):  # what does not fit into 32 bits is found by whoever looks for infinities
        np.subtract(values, np.array(grid.zero_points, exact).reshape(along), out=values)
        np.multiply(values, np.array(grid.scales, exact).reshape(along), out=values)
        return values.astype(np.float32, copy=False).reshape(stored.shape)
