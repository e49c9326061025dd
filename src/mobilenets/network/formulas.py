"""Products that PyTorch's `FlopCounterMode` takes for free; a formula gets the shapes of an operation's arguments."""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch

PER_MULT_ADD = 2
"""The operations that PyTorch counts for one mult-add."""


def _matrix_vector(matrix: Sequence[int], *_: Any, **__: Any) -> int:
    return PER_MULT_ADD * prod(matrix)


def _add_matrix_vector(_: Any, matrix: Sequence[int], *__: Any, **___: Any) -> int:
    return PER_MULT_ADD * prod(matrix)


def _add_batch(_: Any, left: Sequence[int], right: Sequence[int], **__: Any) -> int:
    return PER_MULT_ADD * prod(left) * right[-1]


def _trilinear(*arguments: Any, **_: Any) -> int:
    """`nn.Bilinear`: three factors, each with dimensions of 1 put in, multiplied at every place of their broadcast."""
    shapes = [list(shape) for shape in arguments[:3]]
    for shape, places in zip(shapes, arguments[3:6], strict=True):
        for place in sorted(places):
            shape.insert(place, 1)
    return PER_MULT_ADD * prod(max(sides) for sides in zip(*shapes, strict=True))


MISSING = {
    torch.ops.aten.mv: _matrix_vector,
    torch.ops.aten.dot: _matrix_vector,
    torch.ops.aten.vdot: _matrix_vector,
    torch.ops.aten.addmv: _add_matrix_vector,
    torch.ops.aten.addbmm: _add_batch,
    torch.ops.aten._trilinear: _trilinear,
}
