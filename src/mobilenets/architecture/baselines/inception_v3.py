"""Inception V3 (Szegedy et al., 2015), torchvision's `inception_v3`; training's side classifier is apart."""

from mobilenets.architecture.rows import Branches, Conv, GlobalAveragePool, Linear, Pool
from mobilenets.architecture.style import Row


def _mixed_5(name: str, *, projected: int) -> Branches:
    """The paper's Figure 5: 1x1, 5x5, two 3x3, pool; 35 x 35 pixels."""
    return Branches(
        (
            (Conv(64, kernel=1),),
            (Conv(48, kernel=1), Conv(64, kernel=5)),
            (Conv(64, kernel=1), Conv(96), Conv(96)),
            (Pool("average", stride=1, padding=1), Conv(projected, kernel=1)),
        ),
        name=name,
    )


def _mixed_6(name: str, *, inner: int) -> Branches:
    """The paper's Figure 6: 7x7 kernels as 1x7 and 7x1; 17 x 17 pixels."""
    wide, tall = (1, 7), (7, 1)
    doubled = (Conv(inner, tall), Conv(inner, wide), Conv(inner, tall), Conv(192, wide))
    return Branches(
        (
            (Conv(192, kernel=1),),
            (Conv(inner, kernel=1), Conv(inner, wide), Conv(192, tall)),
            (Conv(inner, kernel=1), *doubled),
            (Pool("average", stride=1, padding=1), Conv(192, kernel=1)),
        ),
        name=name,
    )


def _mixed_7(name: str) -> Branches:
    """The paper's Figure 7: branches that fork into 1x3 and 3x1; 8 x 8 pixels."""
    fork = Branches(((Conv(384, (1, 3)),), (Conv(384, (3, 1)),)), name="fork")
    return Branches(
        (
            (Conv(320, kernel=1),),
            (Conv(384, kernel=1), fork),
            (Conv(448, kernel=1), Conv(384), fork),
            (Pool("average", stride=1, padding=1), Conv(192, kernel=1)),
        ),
        name=name,
    )


_TO_17_PIXELS = Branches(
    (
        (Conv(384, stride=2, padding=0),),
        (Conv(64, kernel=1), Conv(96), Conv(96, stride=2, padding=0)),
        (Pool("max"),),
    ),
    name="mixed_6a",
)
_TO_8_PIXELS = Branches(
    (
        (Conv(192, kernel=1), Conv(320, stride=2, padding=0)),
        (Conv(192, kernel=1), Conv(192, (1, 7)), Conv(192, (7, 1)), Conv(192, stride=2, padding=0)),
        (Pool("max"),),
    ),
    name="mixed_7a",
)

BODY: tuple[Row, ...] = (
    Conv(32, stride=2, padding=0, name="conv_1a"),
    Conv(32, padding=0, name="conv_2a"),
    Conv(64, name="conv_2b"),
    Pool("max", name="pool_3a"),
    Conv(80, kernel=1, name="conv_3b"),
    Conv(192, padding=0, name="conv_4a"),
    Pool("max", name="pool_5a"),
    _mixed_5("mixed_5b", projected=32),
    _mixed_5("mixed_5c", projected=64),
    _mixed_5("mixed_5d", projected=64),
    _TO_17_PIXELS,
    _mixed_6("mixed_6b", inner=128),
    _mixed_6("mixed_6c", inner=160),
    _mixed_6("mixed_6d", inner=160),
    _mixed_6("mixed_6e", inner=192),
    _TO_8_PIXELS,
    _mixed_7("mixed_7b"),
    _mixed_7("mixed_7c"),
)


def auxiliary(classes: int) -> tuple[Row, ...]:
    """The classifier that training hangs on the last map of 17 x 17 pixels (`mixed_6e`)."""
    return (
        Pool("average", kernel=5, stride=3),
        Conv(128, kernel=1),
        Conv(768, kernel=5, padding=0),
        GlobalAveragePool(name="pool"),
        Linear(classes, name="classifier"),
    )
