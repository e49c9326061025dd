"""SqueezeNet 1.0 (Iandola et al., 2016, Table 1): fire modules, and a convolution for a classifier."""

from mobilenets.architecture.rows import Branches, Conv, GlobalAveragePool, Pool
from mobilenets.architecture.style import Row


def _fire(number: int, *, squeeze: int, expand: int) -> tuple[Row, ...]:
    """Squeeze to a few channels, then expand by 1x1 and by 3x3 side by side."""
    return (
        Conv(squeeze, kernel=1, name=f"fire{number}/squeeze"),
        Branches(((Conv(expand, kernel=1),), (Conv(expand),)), name=f"fire{number}/expand"),
    )


BODY: tuple[Row, ...] = (
    Conv(96, kernel=7, stride=2, padding=0, name="conv1"),
    Pool("max", ceil=True, name="pool1"),
    *_fire(2, squeeze=16, expand=64),
    *_fire(3, squeeze=16, expand=64),
    *_fire(4, squeeze=32, expand=128),
    Pool("max", ceil=True, name="pool4"),
    *_fire(5, squeeze=32, expand=128),
    *_fire(6, squeeze=48, expand=192),
    *_fire(7, squeeze=48, expand=192),
    *_fire(8, squeeze=64, expand=256),
    Pool("max", ceil=True, name="pool8"),
    *_fire(9, squeeze=64, expand=256),
)


def head(classes: int) -> tuple[Row, ...]:
    """conv10 of the paper, as torchvision has it: 1x1 without padding, with its ReLU, then the mean."""
    return (Conv(classes, kernel=1, name="classifier"), GlobalAveragePool(name="pool"))


def padded_head(classes: int) -> tuple[Row, ...]:
    """conv10 of the authors' Caffe release: the 1x1 convolution has a border of padding, which costs more places."""
    return (Conv(classes, kernel=1, padding=1, name="classifier"), GlobalAveragePool(name="pool"))
