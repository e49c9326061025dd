"""GoogLeNet (Szegedy et al., 2014, Table 1), without the two side classifiers that only training uses."""

from mobilenets.architecture.rows import Branches, Conv, LocalResponseNorm, Pool
from mobilenets.architecture.style import Row

# The columns of the paper's Table 1: #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj.
_Columns = tuple[int, int, int, int, int, int]
_BLOCKS: dict[str, _Columns] = {
    "inception_3a": (64, 96, 128, 16, 32, 32),
    "inception_3b": (128, 128, 192, 32, 96, 64),
    "inception_4a": (192, 96, 208, 16, 48, 64),
    "inception_4b": (160, 112, 224, 24, 64, 64),
    "inception_4c": (128, 128, 256, 24, 64, 64),
    "inception_4d": (112, 144, 288, 32, 64, 64),
    "inception_4e": (256, 160, 320, 32, 128, 128),
    "inception_5a": (256, 160, 320, 32, 128, 128),
    "inception_5b": (384, 192, 384, 48, 128, 128),
}


def _blocks(stage: str, *, large: int) -> tuple[Row, ...]:
    """The Inception blocks of a stage; `large` is the kernel of the branch that the paper calls 5x5."""
    return tuple(
        Branches(
            (
                (Conv(conv1, kernel=1),),
                (Conv(reduce3, kernel=1), Conv(conv3)),
                (Conv(reduce5, kernel=1), Conv(conv5, kernel=large)),
                (Pool("max", stride=1, padding=1, ceil=True), Conv(projected, kernel=1)),
            ),
            name=name,
        )
        for name, (conv1, reduce3, conv3, reduce5, conv5, projected) in _BLOCKS.items()
        if name.startswith(f"inception_{stage}")
    )


# The paper's layout, as Caffe's `bvlc_googlenet` has it.
BODY: tuple[Row, ...] = (
    Conv(64, kernel=7, stride=2, name="conv1"),
    Pool("max", ceil=True, name="pool1"),
    LocalResponseNorm(name="norm1"),
    Conv(64, kernel=1, name="conv2_reduce"),
    Conv(192, name="conv2"),
    LocalResponseNorm(name="norm2"),
    Pool("max", ceil=True, name="pool2"),
    *_blocks("3", large=5),
    Pool("max", ceil=True, name="pool3"),
    *_blocks("4", large=5),
    Pool("max", ceil=True, name="pool4"),
    *_blocks("5", large=5),
)

# torchvision's `googlenet`: 3x3 kernels in the 5x5 branch, batch norm for the two normalisations, a 2x2 pool4.
BODY_3X3: tuple[Row, ...] = (
    Conv(64, kernel=7, stride=2, name="conv1"),
    Pool("max", ceil=True, name="pool1"),
    Conv(64, kernel=1, name="conv2_reduce"),
    Conv(192, name="conv2"),
    Pool("max", ceil=True, name="pool2"),
    *_blocks("3", large=3),
    Pool("max", ceil=True, name="pool3"),
    *_blocks("4", large=3),
    Pool("max", kernel=2, ceil=True, name="pool4"),
    *_blocks("5", large=3),
)
