"""NN2 of FaceNet (Schroff, Kalenichenko and Philbin, 2015, Table 2): GoogLeNet with L2 pooling, to an embedding."""

from mobilenets.architecture.rows import Branches, Conv, LocalResponseNorm, Pool, PoolKind
from mobilenets.architecture.style import Row

EMBEDDING = 128


def _inception(
    name: str, *, conv1: int, conv3: tuple[int, int], conv5: tuple[int, int], pool: PoolKind = "l2", projected: int
) -> Branches:
    """A block at one size; a pair is the outputs of the reducing 1x1 and of the convolution behind it."""
    return Branches(
        (
            (Conv(conv1, kernel=1),),
            (Conv(conv3[0], kernel=1), Conv(conv3[1])),
            (Conv(conv5[0], kernel=1), Conv(conv5[1], kernel=5)),
            (Pool(pool, stride=1, padding=None), Conv(projected, kernel=1)),
        ),
        name=name,
    )


def _reduction(name: str, *, conv3: tuple[int, int], conv5: tuple[int, int]) -> Branches:
    """A block that halves the map; its max pool passes all channels on."""
    return Branches(
        (
            (Conv(conv3[0], kernel=1), Conv(conv3[1], stride=2)),
            (Conv(conv5[0], kernel=1), Conv(conv5[1], kernel=5, stride=2)),
            (Pool("max", padding=None),),
        ),
        name=name,
    )


BODY: tuple[Row, ...] = (
    Conv(64, kernel=7, stride=2, name="conv1"),
    Pool("max", padding=None, name="pool1"),
    LocalResponseNorm(name="norm1"),
    Conv(64, kernel=1, name="inception_2_reduce"),
    Conv(192, name="inception_2"),
    LocalResponseNorm(name="norm2"),
    Pool("max", padding=None, name="pool2"),
    _inception("inception_3a", conv1=64, conv3=(96, 128), conv5=(16, 32), pool="max", projected=32),
    _inception("inception_3b", conv1=64, conv3=(96, 128), conv5=(32, 64), projected=64),
    _reduction("inception_3c", conv3=(128, 256), conv5=(32, 64)),
    _inception("inception_4a", conv1=256, conv3=(96, 192), conv5=(32, 64), projected=128),
    _inception("inception_4b", conv1=224, conv3=(112, 224), conv5=(32, 64), projected=128),
    _inception("inception_4c", conv1=192, conv3=(128, 256), conv5=(32, 64), projected=128),
    _inception("inception_4d", conv1=160, conv3=(144, 288), conv5=(32, 64), projected=128),
    _reduction("inception_4e", conv3=(160, 256), conv5=(64, 128)),
    _inception("inception_5a", conv1=384, conv3=(192, 384), conv5=(48, 128), projected=128),
    _inception("inception_5b", conv1=384, conv3=(192, 384), conv5=(48, 128), pool="max", projected=128),
)
