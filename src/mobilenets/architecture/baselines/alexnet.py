"""AlexNet (Krizhevsky, Sutskever and Hinton, 2012), with two columns and with one."""

from mobilenets.architecture.rows import Conv, Linear, LocalResponseNorm, Pool
from mobilenets.architecture.style import Row

# Caffe's layout at 227 pixels: convolutions 2, 4 and 5 are in two groups, the columns of the two graphics cards.
TWO_COLUMNS: tuple[Row, ...] = (
    Conv(96, kernel=11, stride=4, padding=0, name="conv1"),
    LocalResponseNorm(name="norm1"),
    Pool("max", name="pool1"),
    Conv(256, kernel=5, groups=2, name="conv2"),
    LocalResponseNorm(name="norm2"),
    Pool("max", name="pool2"),
    Conv(384, name="conv3"),
    Conv(384, groups=2, name="conv4"),
    Conv(256, groups=2, name="conv5"),
    Pool("max", name="pool5"),
)

# "One weird trick for parallelizing convolutional neural networks" (2014), torchvision's `alexnet`.
ONE_COLUMN: tuple[Row, ...] = (
    Conv(64, kernel=11, stride=4, padding=2, name="conv1"),
    Pool("max", name="pool1"),
    Conv(192, kernel=5, name="conv2"),
    Pool("max", name="pool2"),
    Conv(384, name="conv3"),
    Conv(256, name="conv4"),
    Conv(256, name="conv5"),
    Pool("max", name="pool5"),
)


def head(classes: int) -> tuple[Row, ...]:
    """Three fully connected layers on the flattened map, as VGG16 has them too."""
    return (
        Linear(4096, activation="relu", name="fc6"),
        Linear(4096, activation="relu", name="fc7"),
        Linear(classes, name="classifier"),
    )
