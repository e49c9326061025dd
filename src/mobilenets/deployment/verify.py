"""A model file compared with PyTorch, in its own runtime."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.golden import Golden, golden, synthetic
from mobilenets.deployment.runtimes.protocol import Images
from mobilenets.deployment.session import Batched
from mobilenets.deployment.shipped import Signature
from mobilenets.errors import JobError

RELATIVE_TOLERANCE = 1e-4
_OTHER_SIZE = 32

Case = tuple[Images, NDArray[np.float32]]
"""Inputs, and the outputs to expect."""
Difference = Callable[[NDArray[np.float32], NDArray[np.float32]], float]
"""How far outputs are from those to expect, where 1 is far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How far a file is from PyTorch. `tolerance` is `RELATIVE_TOLERANCE` of `scale`, the largest output expected.

    Where the task compares outputs its own way the scale is 1. `same_top1` says that every largest output is the same;
    None where the outputs are no classes. `shapes` are the inputs that were run. A file in 8 bits has no tolerance: its
    accuracy is what counts.
    """

    golden: str
    shapes: str
    largest_difference: float
    scale: float
    tolerance: float | None
    same_top1: bool | None

    @property
    def allowed(self) -> str:
        """How large the difference may be, in words."""
        if self.tolerance is None:
            return f"of outputs up to {self.scale:.3g} (int8 is measured by its accuracy)"
        return f"{self.tolerance:.2g} allowed"


def verify(
    run: Batched,
    expected: Golden,
    network: nn.Module,
    preprocessing: Preprocessing,
    signature: Signature,
    *,
    classes: bool,
    exact: bool = True,
    difference: Difference | None = None,
) -> Verification:
    """Run the golden inputs, together and one alone, and an image of another size where the file takes any.

    `difference` compares outputs that cannot be compared number by number.

    Raises `JobError` with the figure where an output is too far from PyTorch's, or another class comes first; where
    the file is not `exact`, only where its outputs have another shape or are not finite.
    """
    cases = [(expected.inputs, expected.outputs), (expected.inputs[:1], expected.outputs[:1])]
    if signature.any_size:
        other = synthetic(count=1, side=signature.resolution + _OTHER_SIZE)
        larger = golden(network, other, preprocessing, inputs=signature.inputs, described="another size")
        cases.append((larger.inputs, larger.outputs))
    verified = _compared(run, cases, described=expected.described, classes=classes, exact=exact, difference=difference)
    _check(verified, ending="nothing was kept")
    return verified


def verify_again(
    run: Batched, expected: Golden, *, classes: bool, exact: bool, difference: Difference | None = None
) -> Verification:
    """As `verify`, without the checkpoint: with the golden inputs and outputs that stand beside the file."""
    cases = [(expected.inputs, expected.outputs), (expected.inputs[:1], expected.outputs[:1])]
    verified = _compared(run, cases, described=expected.described, classes=classes, exact=exact, difference=difference)
    _check(verified, ending="do not run it on such a machine")
    return verified


def _compared(
    run: Batched,
    cases: Sequence[Case],
    *,
    described: str,
    classes: bool,
    exact: bool,
    difference: Difference | None,
) -> Verification:
    """Run every case; the first is all that the scale and the classes are taken from."""
    outputs = [run(inputs) for inputs, _ in cases]
    pairs = zip(outputs, cases, strict=True)
    right = cases[0][1]
    scale = 1.0 if difference else float(np.abs(right).max())
    return Verification(
        golden=described,
        shapes=", ".join("x".join(map(str, inputs.shape)) for inputs, _ in cases),
        largest_difference=float(np.max([_apart(made, wanted, difference) for made, (_, wanted) in pairs])),
        scale=scale,
        tolerance=RELATIVE_TOLERANCE * scale if exact else None,
        same_top1=_same_top1(outputs[0], right, RELATIVE_TOLERANCE * scale) if classes else None,
    )


def _apart(made: NDArray[np.float32], right: NDArray[np.float32], difference: Difference | None) -> float:
    if made.shape != right.shape:
        raise JobError(f"the file gives outputs of the shape {made.shape} and the checkpoint {right.shape}")
    return difference(made, right) if difference else float(np.abs(made - right).max())


def _same_top1(made: NDArray[np.float32], right: NDArray[np.float32], tolerance: float) -> bool:
    """Whether the same class comes first, or one that PyTorch puts level with it within the tolerance."""
    chosen = np.take_along_axis(right, made.argmax(1)[:, None], axis=1)[:, 0]
    return bool((chosen >= right.max(1) - tolerance).all())


def _check(verified: Verification, *, ending: str) -> None:
    if verified.tolerance is None:
        if not np.isfinite(verified.largest_difference):
            raise JobError(f"the file gives outputs that are not finite for golden inputs: {ending}")
        return
    # Written so that a difference that is no number fails too.
    if not verified.largest_difference <= verified.tolerance:
        raise JobError(
            f"the file differs from the checkpoint by {verified.largest_difference:.3g} where at most "
            f"{verified.tolerance:.3g} is allowed ({RELATIVE_TOLERANCE:g} of the largest output): {ending}"
        )
    if verified.same_top1 is False:
        raise JobError(f"the file puts another class first than the checkpoint for a golden input: {ending}")
