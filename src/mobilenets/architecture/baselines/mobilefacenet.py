"""MobileFaceNet (Chen, Liu, Gao and Han, 2018, Table 1) for upright faces of 112 x 96 pixels, in a 112 x 112 image.

Its last convolution, which reads a single place, is the fully connected layer of the head here: the batch norm behind
it is folded into that, 128 params fewer than counted with it.
"""

from mobilenets.architecture.rows import CentreCrop, Conv, Depthwise, Residual
from mobilenets.architecture.style import Row

EMBEDDING = 128


def _bottleneck(out: int, *, inner: int, stride: int = 1, at: str = "") -> tuple[Row, ...]:
    """Widened by a pointwise convolution, filtered, and narrowed by one without activation (MobileNet v2's)."""
    return (
        Conv(inner, kernel=1, name=f"{at}expand"),
        Depthwise(stride=stride, name=f"{at}filter"),
        Conv(out, kernel=1, activation=None, name=f"{at}project"),
    )


def _stage(name: str, *, channels: int, inner: int, count: int) -> tuple[Row, ...]:
    """Bottlenecks that each add to what they read."""
    return tuple(Residual(_bottleneck(channels, inner=inner), name=f"{name}_{place}") for place in range(1, count + 1))


BODY: tuple[Row, ...] = (
    CentreCrop((6, 7), name="upright"),
    Conv(64, stride=2, name="conv1"),
    Depthwise(name="conv1_filter"),
    *_bottleneck(64, inner=128, stride=2, at="halving_1/"),
    *_stage("bottleneck_1", channels=64, inner=128, count=4),
    *_bottleneck(128, inner=256, stride=2, at="halving_2/"),
    *_stage("bottleneck_2", channels=128, inner=256, count=6),
    *_bottleneck(128, inner=512, stride=2, at="halving_3/"),
    *_stage("bottleneck_3", channels=128, inner=256, count=2),
    Conv(512, kernel=1, name="conv2"),
    Depthwise(kernel=(7, 6), padding=0, activation=None, name="global_filter"),
)
