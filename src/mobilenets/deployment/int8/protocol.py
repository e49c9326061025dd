"""What a runtime that has 8-bit files takes and gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from mobilenets.deployment.runtimes.protocol import Images
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.errors import JobError

Method = Literal["minmax", "percentile", "entropy"]
"""How the range of an activation follows from what was seen of it: all of it, all but one value in 100,000, or the
part that loses least information in 8 bits (Kullback-Leibler divergence)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Photographs as the file takes them, (N, ...), and how ranges follow from them."""

    images: Images
    method: Method = "minmax"

    def parts(self, count: int) -> Iterator[Images]:
        """The images in parts of `count`; the last is filled up with images of it, which changes no range."""
        for start in range(0, len(self.images), count):
            part = self.images[start : start + count]
            yield part[np.arange(count) % len(part)]


@dataclass(frozen=True, slots=True)
class Operators:
    """The convolutions and matrix products of a file, and how many of them compute in 8 bits; `floats` are the rest."""

    convolutions: int
    int8: int
    floats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuantisedFile:
    """What was written: `details` for the report, as `Runtime.export` gives them, and its operators, counted."""

    details: Mapping[str, Any]
    operators: Operators


@runtime_checkable
class Quantises(Protocol):
    """A runtime that has 8-bit files."""

    @property
    def methods(self) -> tuple[Method, ...]:
        """The ways from what was seen to ranges that it has."""
        ...

    def export_int8(
        self, module: Shipped, signature: Signature, file: Path, *, calibration: Calibration
    ) -> QuantisedFile:
        """Write the model file with weights of 8 bits a channel and activations of 8 bits, by one of its `methods`.

        Raises `OSError`, and `JobError` where it cannot be made.
        """
        ...


def check_all_int8(operators: Operators, *, file: str) -> None:
    """Raise `JobError` where a file that is to be 8-bit has operators that compute in floats."""
    if operators.floats or operators.int8 != operators.convolutions or not operators.convolutions:
        named = ", ".join(operators.floats) or "all of them"
        raise JobError(
            f"{file} would be called int8 with {operators.int8} of {operators.convolutions} convolutions and matrix "
            f"products in 8 bits (still float: {named}): nothing was kept"
        )
