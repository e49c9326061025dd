"""VGG16 (Simonyan and Zisserman, 2014), configuration D; torchvision's `vgg16`. It ends in AlexNet's head."""

from mobilenets.architecture.rows import Conv, Pool
from mobilenets.architecture.style import Row


def _stage(number: int, *, channels: int, convolutions: int) -> tuple[Row, ...]:
    places = range(1, convolutions + 1)
    return (
        *(Conv(channels, name=f"conv{number}_{place}") for place in places),
        Pool("max", kernel=2, name=f"pool{number}"),
    )


BODY: tuple[Row, ...] = (
    *_stage(1, channels=64, convolutions=2),
    *_stage(2, channels=128, convolutions=2),
    *_stage(3, channels=256, convolutions=3),
    *_stage(4, channels=512, convolutions=3),
    *_stage(5, channels=512, convolutions=3),
)
