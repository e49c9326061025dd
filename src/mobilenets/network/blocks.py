"""The modules that layers become. Each says in its class what it computes; sizes come from the layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobilenets.architecture.geometry import dilated
from mobilenets.architecture.layer import Activation, Layer
from mobilenets.network.padding import pad_same

LEAK = 0.1
FIRST_SCALE = 20.0  # section 3.1 of SSD (Liu et al., 2016)


def _activation(kind: Activation | None, channels: int) -> nn.Module:
    if kind is None:
        return nn.Identity()
    if kind == "prelu":
        return nn.PReLU(channels)
    if kind == "relu6":
        # Not in place: autograd would have to copy the input first, because its backward reads it.
        return nn.ReLU6()
    return nn.ReLU(inplace=True) if kind == "relu" else nn.LeakyReLU(LEAK, inplace=True)


class ConvNorm(nn.Module):
    """Convolution, batch norm, activation (Figure 3, left); depthwise where groups equal the channels."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        # At stride 1 an odd kernel needs the same padding on both sides, which the convolution does by itself.
        spanned = dilated(layer.kernel, layer.dilation)
        symmetric = layer.padding == "same" and layer.stride == 1 and all(side % 2 for side in spanned)
        own = (spanned[0] // 2, spanned[1] // 2) if symmetric else layer.padding
        self.pad_same = own == "same"
        self.kernel, self.stride = spanned, layer.stride  # as padding sees them
        self.conv = nn.Conv2d(
            layer.in_channels,
            layer.out_channels,
            layer.kernel,
            stride=layer.stride,
            padding=0 if own == "same" else own,
            dilation=layer.dilation,
            groups=layer.groups,
            bias=layer.bias,
        )
        self.norm = nn.BatchNorm2d(layer.out_channels, eps=layer.epsilon) if layer.norm else nn.Identity()
        self.activation = _activation(layer.activation, layer.out_channels)

    def forward(self, images: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H', W')."""
        if self.pad_same:
            images = pad_same(images, kernel=self.kernel, stride=self.stride)
        return self.activation(self.norm(self.conv(images)))


class Separable(nn.Module):
    """A depthwise separable convolution (Figure 3, right).

    3x3 depthwise, batch norm, ReLU; then 1x1 pointwise, batch norm, ReLU.
    """

    def __init__(self, depthwise: Layer, pointwise: Layer) -> None:
        super().__init__()
        self.depthwise = ConvNorm(depthwise)
        self.pointwise = ConvNorm(pointwise)

    def forward(self, images: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H', W')."""
        return self.pointwise(self.depthwise(images))


class Pool(nn.Module):
    """Max, average or L2 pooling, as `Layer` defines them."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.op = layer.op
        self.kernel, self.stride, self.ceil = layer.kernel, layer.stride, layer.ceil
        self.padding = layer.padding

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H', W')."""
        if self.op == "max_pool":
            return self._max(images)
        if self.op == "average_pool":
            return self._mean(images)
        area = self.kernel[0] * self.kernel[1]
        # The root has no slope at zero; a floor far below any real activation keeps gradients finite.
        return (self._mean(images.square(), zeros=True) * area).clamp_min(torch.finfo(images.dtype).tiny).sqrt()

    def _max(self, images: Tensor) -> Tensor:
        if self.padding == "same":
            padded = pad_same(images, kernel=self.kernel, stride=self.stride, value=float("-inf"))
            return F.max_pool2d(padded, self.kernel, self.stride)
        return F.max_pool2d(images, self.kernel, self.stride, self.padding, ceil_mode=self.ceil)

    def _mean(self, images: Tensor, *, zeros: bool = False) -> Tensor:
        if self.padding != "same":
            return F.avg_pool2d(images, self.kernel, self.stride, self.padding, ceil_mode=self.ceil)
        means = F.avg_pool2d(pad_same(images, kernel=self.kernel, stride=self.stride), self.kernel, self.stride)
        if zeros:
            return means
        inside = pad_same(images.new_ones(1, 1, *images.shape[-2:]), kernel=self.kernel, stride=self.stride)
        return means / F.avg_pool2d(inside, self.kernel, self.stride)


class GlobalAveragePool(nn.Module):
    """The mean over the map."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C)."""
        return images.mean((-2, -1))


class LocalResponseNorm(nn.LocalResponseNorm):
    """Caffe's normalisation across five channels, as AlexNet and GoogLeNet have it."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(5, alpha=1e-4, beta=0.75, k=1.0)


class L2Normalise(nn.Module):
    """Vectors of length one."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()

    def forward(self, vectors: Tensor) -> Tensor:
        """(N, C) to (N, C)."""
        return F.normalize(vectors, dim=1)


class L2Scale(nn.Module):
    """The vector at each place over its length, times a learnt number a channel."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((layer.out_channels, 1, 1), FIRST_SCALE))

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H, W)."""
        return self.scale * F.normalize(images, dim=1)


class Concat(nn.Module):
    """Maps joined along the channels."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()

    def forward(self, *maps: Tensor) -> Tensor:
        """Several (N, C_i, H, W) to (N, sum of C_i, H, W)."""
        return torch.cat(maps, 1)


class Add(nn.Module):
    """The sum of two maps."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Two (N, C, H, W) to one."""
        return one + other


class CentreCrop(nn.Module):
    """The middle of the map."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.height, self.width = layer.out_size
        self.top, self.left = ((whole - part) // 2 for whole, part in zip(layer.in_size, layer.out_size, strict=True))

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H', W')."""
        return images[:, :, self.top : self.top + self.height, self.left : self.left + self.width]


class Linear(nn.Module):
    """Dropout, then a fully connected layer on the flattened input."""

    def __init__(self, layer: Layer, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(layer.weights // layer.out_channels, layer.out_channels, bias=layer.bias)
        self.activation = _activation(layer.activation, layer.out_channels)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C) or (N, C, H, W) to (N, out)."""
        return self.activation(self.linear(self.dropout(features.flatten(1))))
