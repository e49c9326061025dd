"""Detectors of published files: their layers in our order, and whether their boxes are ours."""

from collections.abc import Sequence

import torch

from mobilenets.architecture.detectors.names import DETECTORS, DetectorName, detector
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.names import FAMILIES
from mobilenets.errors import UsageError
from mobilenets.maths.boxes import SCALES, centred, default_boxes
from mobilenets.run import Architecture
from mobilenets.weights.found import Detecting, Found, Kernel

BODIES = tuple(family for framework, family in DETECTORS if framework == "ssd" and family in FAMILIES)
"""The families that a file's SSD may stand on."""

SMALLEST_DEPTH = 16
"""The fewest channels of a layer of the published detectors."""

# What is rounded to 32 bits on the way is no other box.
_ROUNDED = 1e-4


def all_kernels(found: Found) -> tuple[Kernel, ...]:
    """The kernels of the body, of a detector also of its predictors: in the order of our layers."""
    pairs = found.detecting.predictors if found.detecting else ()
    return (*found.kernels, *(kernel for pair in pairs for kernel in (pair.scores, pair.offsets)))


def detector_layers(architecture: Architecture, detecting: Detecting) -> tuple[Layer, ...]:
    """The layers of SSD on a body of ours, with as many kinds of things as the file has."""
    name = DetectorName("ssd", architecture.family, architecture.width, architecture.resolution)
    laid = detector(
        name,
        classes=detecting.suppressing.classes,
        min_depth=architecture.min_depth,
        padding=architecture.padding,
        activation=architecture.activation,
        norm=architecture.norm,
        epsilon=architecture.norm_epsilon,
    )
    return laid.layers


def check_detecting(detecting: Detecting, layers: Sequence[Layer], *, where: str) -> tuple[str, ...]:
    """See that predictors read the same maps as ours, and move the same default boxes in the same way.

    Gives notes of what differs and does no harm. Raises `UsageError` for the rest.
    """
    weighted = [layer.name for layer in layers if layer.weights]
    read = [weighted[pair.reads] for pair in detecting.predictors]
    ours = [layer.inputs[0] for layer in layers if layer.name.endswith("/scores")]
    if read != ours:
        raise UsageError(f"{where} predicts from {', '.join(read)} and ours from {', '.join(ours)}: it is another SSD")
    if detecting.suppressing.divisors != SCALES:
        told = ", ".join(f"{divisor:g}" for divisor in detecting.suppressing.divisors)
        raise UsageError(f"{where} divides its offsets by {told}: read are SSDs with TensorFlow's 10, 10, 5, 5")
    return (*_checked_boxes(detecting, layers[-1], where=where), *_suppressing(detecting))


def _checked_boxes(detecting: Detecting, last: Layer, *, where: str) -> tuple[str, ...]:
    count = last.out_size[0]
    if len(detecting.boxes) != count:
        raise UsageError(f"{where} has {len(detecting.boxes):,} default boxes and ours {count:,}: it is another SSD")
    ours = centred(default_boxes(last.grids))
    apart = float((ours - torch.from_numpy(detecting.boxes)).abs().max())
    if apart > detecting.step / 2 + _ROUNDED:
        raise UsageError(f"{where} has other default boxes, up to {apart:.2g} of the image apart: it is another SSD")
    if not detecting.step:
        return ()
    return (f"the file's default boxes are rounded by up to {apart:.2g} of the image: ours are exact",)


def _suppressing(detecting: Detecting) -> tuple[str, ...]:
    """What is not taken over: our networks end before suppression."""
    own = detecting.suppressing
    kinds = "of a class" if own.by_class else "of any class"
    return (
        f"the file keeps the best {own.most} boxes with IoU {own.overlap:.2g} among those {kinds}, "
        f"{own.kinds_of_a_box} class a box: that is left out, suppression is the task's",
    )
