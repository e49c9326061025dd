"""S2 cells (Google's S2 geometry): the faces of a cube around the earth, quartered up to 30 times.

A cell is a 64-bit number: three bits of face, two bits a level that follow a Hilbert curve, one bit that ends them. So
a cell's leaves are one interval of numbers, and cells are sorted as the curve runs. All functions are vectorised.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mobilenets.maths.sphere import coordinates, unit_vectors

Ids = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FINEST = 30
"""The level of leaf cells, a centimetre across; faces are level 0."""

_SIDE = 1 << FINEST
_FACE_SHIFT = 61
_STEPS, _BITS = 8, 4
_NIBBLE = (1 << _BITS) - 1
_SWAP, _INVERT = 1, 2
_TURNS = _SWAP | _INVERT
# Which of the four quarters (i, j as two bits) the curve passes first, second, ... for each way it may be turned.
_QUARTERS = ((0, 1, 3, 2), (0, 2, 3, 1), (3, 2, 0, 1), (3, 1, 0, 2))
_TURNED = (_SWAP, 0, 0, _SWAP | _INVERT)

_LAST = np.uint64(1)
_TWO = np.uint64(2)
# Which coordinates of x, y, z are u and v on each face, and their signs.
_U, _V = np.array([1, 0, 0, 2, 2, 1]), np.array([2, 2, 1, 1, 0, 0])
_U_SIGN, _V_SIGN = np.array([1, -1, -1, 1, 1, -1]), np.array([1, 1, -1, 1, -1, -1])


def leaf_ids(latitude: Floats, longitude: Floats) -> Ids:
    """The leaf cells (N,) of places in degrees (N,), equal to those of the reference implementation."""
    points = unit_vectors(latitude, longitude)
    axis = np.abs(points).argmax(1)
    rows = np.arange(len(points))
    depth = points[rows, axis]
    face = axis + 3 * (depth < 0)
    i = _leaf(_U_SIGN[face] * (points[rows, _U[face]] / depth))
    j = _leaf(_V_SIGN[face] * (points[rows, _V[face]] / depth))
    return _along_the_curve(face, i, j)


def _leaf(slope: Floats) -> Ints:
    """The row or column of a leaf on its face, of a slope in [-1, 1], by S2's quadratic projection."""
    root = 0.5 * np.sqrt(1 + 3 * np.abs(slope))
    share = np.where(slope >= 0, root, 1 - root)
    return np.clip(np.floor(_SIDE * share), 0, _SIDE - 1).astype(np.int64)


def _along_the_curve(face: Ints, i: Ints, j: Ints) -> Ids:
    places, _ = _curve()
    ids = face.astype(np.int64) << (_FACE_SHIFT - 1)
    turn = face & _SWAP
    for step in reversed(range(_STEPS)):
        shift = step * _BITS
        found = places[((i >> shift & _NIBBLE) << (_BITS + 2)) | ((j >> shift & _NIBBLE) << 2) | turn]
        ids |= (found >> 2) << (2 * shift)
        turn = found & _TURNS
    return (ids.astype(np.uint64) << _LAST) | _LAST


@cache
def _curve() -> tuple[Ints, Ints]:
    """Four levels of the curve at once: (i, j, turn) to (position, turn) and back, ten bits each."""
    places, squares = np.zeros((2, 1 << (2 * _BITS + 2)), dtype=np.int64)
    for turn in range(_TURNS + 1):
        for position in range(1 << (2 * _BITS)):
            i = j = 0
            now = turn
            for level in reversed(range(_BITS)):
                quarter = position >> (2 * level) & 3
                square = _QUARTERS[now][quarter]
                i, j = i << 1 | square >> 1, j << 1 | square & 1
                now ^= _TURNED[quarter]
            square = i << (_BITS + 2) | j << 2
            places[square | turn] = position << 2 | now
            squares[position << 2 | turn] = square | now
    return places, squares


def lowest_bits(cells: Ids) -> Ids:
    """The bit that ends each number: it says how coarse a cell is."""
    return cells & (~cells + _LAST)


def first_leaves(cells: Ids) -> Ids:
    """The smallest leaf of each cell."""
    return cells - (lowest_bits(cells) - _LAST)


def last_leaves(cells: Ids) -> Ids:
    """The largest leaf of each cell."""
    return cells + (lowest_bits(cells) - _LAST)


def levels(cells: Ids) -> Ints:
    """0 for a face to 30 for a leaf."""
    return FINEST - np.log2(lowest_bits(cells).astype(np.float64)).astype(np.int64) // 2


def parents(cells: Ids, level: int) -> Ids:
    """The cells of a coarser level (or the same) that hold these."""
    end = np.uint64(1 << 2 * (FINEST - level))
    return (cells & (~end + _LAST)) | end


def children(cells: Ids) -> Ids:
    """The four quarters (N, 4) of each cell, none of them a leaf, in the order of their numbers."""
    bit = lowest_bits(cells) >> _TWO
    odd = np.array([1, 3, 5, 7], dtype=np.uint64)
    return (first_leaves(cells) - _LAST)[:, None] + odd * bit[:, None]


def faces() -> Ids:
    """The six cells of level 0."""
    return (np.arange(6, dtype=np.uint64) * _TWO + _LAST) << np.uint64(_FACE_SHIFT - 1)


def centres(cells: Ids) -> Floats:
    """Latitude and longitude (N, 2) in degrees of the middle of each cell."""
    face, i, j = _square(first_leaves(cells))
    side = np.int64(1) << (FINEST - levels(cells))
    u, v = (_slope((leaf // side + 0.5) * side / _SIDE) for leaf in (i, j))
    return coordinates(_point(face, u, v))


def _square(leaves: Ids) -> tuple[Ints, Ints, Ints]:
    """Face, row and column of leaves."""
    _, squares = _curve()
    numbers = (leaves >> _LAST).astype(np.int64)
    face = numbers >> (_FACE_SHIFT - 1)
    turn = face & _SWAP
    i, j = np.zeros((2, len(leaves)), dtype=np.int64)
    for step in reversed(range(_STEPS)):
        # The first step has four of its eight bits: the others are the face's.
        mask = (1 << 2 * _BITS) - 1 if step < _STEPS - 1 else _NIBBLE
        found = squares[(numbers >> (2 * _BITS * step) & mask) << 2 | turn]
        i, j = i << _BITS | found >> (_BITS + 2), j << _BITS | found >> 2 & _NIBBLE
        turn = found & _TURNS
    return face, i, j


def _slope(share: Floats) -> Floats:
    return np.where(share >= 0.5, 4 * share**2 - 1, 1 - 4 * (1 - share) ** 2) / 3  # noqa: PLR2004 (the middle)


def _point(face: Ints, u: Floats, v: Floats) -> Floats:
    points = np.empty((len(face), 3))
    rows = np.arange(len(face))
    sign = np.where(face < 3, 1.0, -1.0)  # noqa: PLR2004 (faces 3 to 5 are opposite to 0 to 2)
    points[rows, face % 3] = sign
    points[rows, _U[face]] = _U_SIGN[face] * sign * u
    points[rows, _V[face]] = _V_SIGN[face] * sign * v
    return points


def tokens(cells: Ids) -> list[str]:
    """The usual short names: hexadecimal, without the zeros at the end."""
    return [f"{int(cell):016x}".rstrip("0") for cell in cells]


def from_tokens(names: list[str]) -> Ids:
    """The cells of tokens. Raises `ValueError` that names the first that is none."""
    numbers = []
    for name in names:
        number = int(name.ljust(16, "0"), 16) if _is_hexadecimal(name) else 0
        bit = number & -number
        if number >> _FACE_SHIFT > 5 or bit.bit_length() % 2 == 0 or bit.bit_length() > _FACE_SHIFT:  # noqa: PLR2004
            raise ValueError(f"{name!r} is no S2 cell")
        numbers.append(number)
    return np.array(numbers, dtype=np.uint64)


def _is_hexadecimal(name: str) -> bool:
    return 0 < len(name) <= 16 and all(letter in "0123456789abcdef" for letter in name)  # noqa: PLR2004 (64 bits)
