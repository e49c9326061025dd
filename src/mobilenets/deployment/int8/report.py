"""What the report of an artefact says of its 8 bits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One way that was tried: the score of its file, and what that lost of the float file's score in points."""

    name: str
    score: float
    drop: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Int8Report:
    """How a file came to 8 bits, and what it lost.

    `int8` of its `convolutions` and matrix products compute in 8 bits. `metric` was measured on `photographs` of
    `measured_on`, in the runtime: `float_score` of the float file and `score` of this one, `drop` points less.
    The ranges of its activations follow from `calibrated_with` photographs of `calibrated_on`. `steps` are the ways
    that were tried, the last of which was good enough. `float_bytes` is the size of the float file.
    """

    convolutions: int
    int8: int
    metric: str
    measured_on: str
    photographs: int
    float_score: float
    score: float
    drop: float
    max_drop: float
    calibrated_on: str
    calibrated_with: int
    float_bytes: int
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
