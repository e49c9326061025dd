"""Inception V2 (Ioffe and Szegedy, 2015), in TF-Slim's layout: a separable 7x7 stem and SAME padding."""

from typing import Literal

from mobilenets.architecture.rows import Branches, Conv, Pool, Separable
from mobilenets.architecture.style import Row


def _mixed(
    name: str,
    *,
    conv1: int,
    single: tuple[int, int],
    double: tuple[int, int],
    pool: Literal["average", "max"] = "average",
    projected: int,
) -> Branches:
    """A block at one size: 1x1, one 3x3, two 3x3 one behind the other, and a pool with its projection."""
    return Branches(
        (
            (Conv(conv1, kernel=1),),
            (Conv(single[0], kernel=1), Conv(single[1])),
            (Conv(double[0], kernel=1), Conv(double[1]), Conv(double[1])),
            # SAME also where the rest is symmetric: at stride 1 both have one size, and the mean ignores the border.
            (Pool(pool, stride=1, padding="same"), Conv(projected, kernel=1)),
        ),
        name=name,
    )


def _reduction(name: str, *, single: tuple[int, int], double: tuple[int, int]) -> Branches:
    """A block that halves the map: one 3x3, two 3x3, and a max pool that passes all channels on."""
    return Branches(
        (
            (Conv(single[0], kernel=1), Conv(single[1], stride=2)),
            (Conv(double[0], kernel=1), Conv(double[1]), Conv(double[1], stride=2)),
            (Pool("max", padding=None),),
        ),
        name=name,
    )


BODY: tuple[Row, ...] = (
    # Eight filters a colour, then 64 outputs with a bias: TF-Slim puts no batch norm behind its separable stem.
    Separable(64, stride=2, kernel=7, multiplier=8, fused=True, norm=False, name="conv_1a"),
    Pool("max", padding=None, name="pool_2a"),
    Conv(64, kernel=1, name="conv_2b"),
    Conv(192, name="conv_2c"),
    Pool("max", padding=None, name="pool_3a"),
    _mixed("mixed_3b", conv1=64, single=(64, 64), double=(64, 96), projected=32),
    _mixed("mixed_3c", conv1=64, single=(64, 96), double=(64, 96), projected=64),
    _reduction("mixed_4a", single=(128, 160), double=(64, 96)),
    _mixed("mixed_4b", conv1=224, single=(64, 96), double=(96, 128), projected=128),
    _mixed("mixed_4c", conv1=192, single=(96, 128), double=(96, 128), projected=128),
    _mixed("mixed_4d", conv1=160, single=(128, 160), double=(128, 160), projected=96),
    _mixed("mixed_4e", conv1=96, single=(128, 192), double=(160, 192), projected=96),
    _reduction("mixed_5a", single=(128, 192), double=(192, 256)),
    _mixed("mixed_5b", conv1=352, single=(192, 320), double=(160, 224), projected=128),
    _mixed("mixed_5c", conv1=352, single=(192, 320), double=(192, 224), pool="max", projected=128),
)
