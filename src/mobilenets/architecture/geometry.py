"""Sizes of feature maps: what a kernel with its stride and padding makes of a map."""

from mobilenets.architecture.layer import Padding, Size
from mobilenets.errors import UsageError


def pair(value: int | Size) -> Size:
    """(height, width) of a square or of a size."""
    return (value, value) if isinstance(value, int) else value


def dilated(kernel: Size, dilation: int) -> Size:
    """The (height, width) that a kernel spans, its weights `dilation` places apart."""
    return (dilation * (kernel[0] - 1) + 1, dilation * (kernel[1] - 1) + 1)


def out_size(size: Size, kernel: Size, stride: int, padding: Padding, *, ceil: bool = False) -> Size:
    """The (height, width) a convolution or pooling makes; raises `UsageError` where the kernel does not fit."""
    if padding == "same":
        return (-(-size[0] // stride), -(-size[1] // stride))
    height, width = (
        _out_length(length, extent=extent, stride=stride, pad=pad, ceil=ceil)
        for length, extent, pad in zip(size, kernel, padding, strict=True)
    )
    return (height, width)


def _out_length(length: int, *, extent: int, stride: int, pad: int, ceil: bool) -> int:
    room = length + 2 * pad - extent
    if room < 0:
        raise UsageError(f"a {extent}-pixel kernel does not fit into a map of {length} pixels: use a larger resolution")
    if not ceil:
        return room // stride + 1
    steps = -(-room // stride) + 1
    # A pooling window that would start in the padding beyond the map is dropped (Caffe's rule and PyTorch's).
    return steps - 1 if (steps - 1) * stride >= length + pad else steps
