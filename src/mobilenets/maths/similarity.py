"""Turn, scale and shift: how a face is laid onto a template by its eyes."""

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]


def similarity(points: tuple[Point, Point], onto: tuple[Point, Point]) -> NDArray[np.float64]:
    """The (2, 3) matrix of the similarity that brings two points, (x, y), onto two others; it mirrors nothing.

    Raises `ValueError` where the two points are one.
    """
    first, second = (complex(*point) for point in points)
    if first == second:
        raise ValueError(f"both points are {points[0]}: a similarity takes two")
    # In the plane of complex numbers such a map is a product, which turns and scales, and a sum.
    there, other = (complex(*point) for point in onto)
    turn = (other - there) / (second - first)
    shift = there - turn * first
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
