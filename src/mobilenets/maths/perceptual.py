"""Perceptual hash: 64 bits that hardly change when a photograph is scaled, compressed anew or made brighter.

The signs of the lowest frequencies of its DCT (after Zauner, Implementation and benchmarking of perceptual image hash
functions, 2010, who compares them with their median): so mirroring turns known bits, and nothing else. Libraries have
such hashes; imagehash brings PyWavelets and SciPy, knows no mirror image, and counts distances pair by pair in Python.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 32
"""Pixels of each side of the greys that are hashed."""
_LOW = 8
# Grey levels by which the low frequencies vary at least; below, their signs are those of the noise.
_PLAIN = 2.0


@dataclass(frozen=True, slots=True)
class PerceptualHash:
    """The hash of a photograph; `plain` if there is nothing in it that a hash could tell."""

    bits: int
    plain: bool


def perceptual_hash(greys: NDArray[np.floating]) -> PerceptualHash:
    """The hash of (SIDE, SIDE) greys in [0, 255]: which of the 8 x 8 lowest frequencies are positive, but the mean."""
    waves = _BASIS @ greys @ _BASIS.T
    waves[0, 0] = 0.0  # the mean brightness tells nothing of what is shown
    plain = float(np.linalg.norm(waves)) < _PLAIN * SIDE
    return PerceptualHash(_packed(waves > 0), plain)


def _basis() -> NDArray[np.float64]:
    """The lowest frequencies of the orthonormal DCT-II, a row each."""
    frequency, place = np.arange(_LOW)[:, None], np.arange(SIDE)[None, :]
    waves = np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE)) * np.sqrt(2 / SIDE)
    waves[0] /= np.sqrt(2)
    return waves


def _packed(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


_BASIS = _basis()
MIRROR = _packed(np.broadcast_to(np.arange(_LOW) % 2 == 1, (_LOW, _LOW)))
"""The bits that differ between a photograph and its mirror image: from left to right every other wave changes sign."""
