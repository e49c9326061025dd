"""The networks of the paper as plain tables, and the call that resolves one into layers."""

from collections.abc import Sequence
from typing import Literal

from mobilenets.architecture.layer import Activation, Layer, Size
from mobilenets.architecture.rows import Conv, GlobalAveragePool, L2Normalise, Linear, Separable
from mobilenets.architecture.style import Row, Style, image_tap, lay, tap_of
from mobilenets.errors import UsageError

# Table 1. Its last depthwise row says stride 2; the sizes in the table and every release have stride 1.
MOBILENET: tuple[Row, ...] = (
    Conv(32, stride=2),
    Separable(64),
    Separable(128, stride=2),
    Separable(128),
    Separable(256, stride=2),
    Separable(256),
    Separable(512, stride=2),
    *5 * (Separable(512),),
    Separable(1024, stride=2),
    Separable(1024),
)

# Table 4: the same rows with full 3x3 convolutions in place of separable ones.
CONV_MOBILENET: tuple[Row, ...] = tuple(
    Conv(row.out, stride=row.stride) for row in MOBILENET if isinstance(row, Conv | Separable)
)

# Table 5: without the five separable layers at 14 x 14 x 512.
SHALLOW_MOBILENET: tuple[Row, ...] = MOBILENET[:7] + MOBILENET[12:]

# timm's mobilenetv1_100h: one more pointwise convolution, with batch norm and activation, before the pooling.
MOBILENET_H: tuple[Row, ...] = (*MOBILENET, Conv(1024, kernel=1))

MIN_RESOLUTION = 32
MAX_WIDTH = 2.0


def layers(
    table: Sequence[Row],
    *,
    width: float = 1.0,
    resolution: int | Size = 224,
    min_depth: int = 8,
    padding: Literal["same", "symmetric"] = "same",
    activation: Activation = "relu6",
    norm: bool = True,
    epsilon: float = 1e-3,
) -> tuple[Layer, ...]:
    """Resolve a table: every layer with its name, sizes and channels, in running order.

    `width` is the paper's alpha, in (0, 2]; `resolution` is the input's side in pixels (or (height, width)),
    at least 32: the paper's rho times 224. Raises `UsageError` outside these.
    """
    check_dials(width=width, resolution=resolution, min_depth=min_depth)
    style = Style(width=width, min_depth=min_depth, padding=padding, activation=activation, norm=norm, epsilon=epsilon)
    return tuple(lay(table, image_tap(resolution), style))


def check_dials(*, width: float, resolution: int | Size, min_depth: int = 8) -> None:
    """Raise `UsageError` where a dial is outside its limits."""
    if not 0.0 < width <= MAX_WIDTH:
        raise UsageError(f"width {width:g} is outside (0, {MAX_WIDTH:g}]: use for example 0.25, 0.5, 0.75 or 1.0")
    sides = (resolution,) if isinstance(resolution, int) else resolution
    for side in sides:
        if side < MIN_RESOLUTION:
            raise UsageError(f"resolution {side} is under {MIN_RESOLUTION}: use at least {MIN_RESOLUTION} pixels")
    if min_depth < 1:
        raise UsageError(f"min-depth {min_depth} is under 1: use at least 1 channel (8 is usual)")


def extend(body: Sequence[Layer], rows: Sequence[Row], *, prefix: str = "") -> list[Layer]:
    """Lay rows on the end of a body, at full width and with no smallest depth; gives the new layers only."""
    return lay(rows, tap_of(body[-1]), Style(min_depth=1), prefix=prefix)


def classifier(body: Sequence[Layer], classes: int) -> list[Layer]:
    """The end of Table 1: global average pooling and one fully connected layer of `classes` outputs."""
    check_classes(classes)
    return extend(body, classifier_rows(classes))


def classifier_rows(classes: int) -> tuple[Row, ...]:
    """The last two rows of Table 1, which end the Inception family too."""
    return (GlobalAveragePool(name="pool"), Linear(classes, name="classifier"))


def embedder(body: Sequence[Layer], dimension: int) -> list[Layer]:
    """The end of FaceNet's networks: global average, one layer of `dimension` outputs, the vector of length one."""
    return extend(body, embedder_rows(dimension))


def embedder_rows(dimension: int) -> tuple[Row, ...]:
    """The rows of `embedder`, which end FaceNet's NN2 too."""
    return (GlobalAveragePool(name="pool"), Linear(dimension, name="embedding"), L2Normalise(name="normalise"))


def check_classes(classes: int) -> None:
    """Raise `UsageError` where a classifier would have no output."""
    if classes < 1:
        raise UsageError(f"classes {classes} is under 1: a classifier needs at least one output")
