"""TensorFlow's SAME padding, which PyTorch has no word for where the stride is over 1."""

from torch import Tensor
from torch.nn import functional as F

from mobilenets.architecture.layer import Size


def same_pads(size: int, *, kernel: int, stride: int) -> tuple[int, int]:
    """Pixels before and after so that the output is ceil(size / stride); the odd pixel goes after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def pad_same(images: Tensor, *, kernel: Size, stride: int, value: float = 0.0) -> Tensor:
    """Pad (N, C, H, W) as TensorFlow's SAME does before a convolution or pooling without padding of its own."""
    top, bottom = same_pads(images.shape[-2], kernel=kernel[0], stride=stride)
    left, right = same_pads(images.shape[-1], kernel=kernel[1], stride=stride)
    if top == bottom == left == right == 0:
        return images
    return F.pad(images, (left, right, top, bottom), value=value)
