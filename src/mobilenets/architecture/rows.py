"""The rows a network's table is written in, and how each becomes layers.

A table is a tuple of rows and says only what the paper's table says: what kind of layer, how many outputs,
which stride. Width, resolution, padding and activation arrive with the `Style` and the `Tap` a row is laid on.
"""

from dataclasses import dataclass, replace
from typing import Literal

from mobilenets.architecture.geometry import dilated, out_size, pair
from mobilenets.architecture.layer import Activation, Layer, Op, Padding, Size
from mobilenets.architecture.style import Row, Style, Tap, lay, tap_of

PoolKind = Literal["max", "average", "l2"]
_POOL_OPS: dict[PoolKind, Op] = {"max": "max_pool", "average": "average_pool", "l2": "l2_pool"}


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution with batch norm and activation (Figure 3, left); with a bias where it has no batch norm."""

    out: int
    kernel: int | Size = 3
    stride: int = 1
    groups: int = 1
    dilation: int = 1
    padding: Padding | int | None = None
    bias: bool | None = None
    norm: bool | None = None
    activation: Activation | Literal["style"] | None = "style"
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        return [self.one(tap, style, name, out=style.depth(self.out), groups=self.groups)]

    def one(self, tap: Tap, style: Style, name: str, *, out: int, groups: int) -> Layer:
        """The layer itself, with its final number of outputs and groups."""
        kernel = pair(self.kernel)
        spanned = dilated(kernel, self.dilation)
        padding = style.pad(self.padding, spanned)
        norm = style.norm if self.norm is None else self.norm
        return Layer(
            name=name,
            op="conv",
            inputs=(tap.name,),
            in_channels=tap.channels,
            out_channels=out,
            in_size=tap.size,
            out_size=out_size(tap.size, spanned, self.stride, padding),
            kernel=kernel,
            stride=self.stride,
            padding=padding,
            groups=groups,
            dilation=self.dilation,
            bias=not norm if self.bias is None else self.bias,
            norm=norm,
            epsilon=style.epsilon,
            activation=style.activation if self.activation == "style" else self.activation,
        )


@dataclass(frozen=True, slots=True)
class Depthwise:
    """One filter a channel (equation 3); `multiplier` outputs for each input channel."""

    kernel: int | Size = 3
    stride: int = 1
    multiplier: int = 1
    padding: Padding | int | None = None
    norm: bool | None = None
    bias: bool | None = None
    activation: Activation | Literal["style"] | None = "style"
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        conv = Conv(
            0,
            self.kernel,
            self.stride,
            padding=self.padding,
            bias=self.bias,
            norm=self.norm,
            activation=self.activation,
        )
        out = tap.channels * self.multiplier
        return [conv.one(tap, style, name, out=out, groups=tap.channels)]


@dataclass(frozen=True, slots=True)
class Separable:
    """A depthwise separable convolution (Figure 3, right): depthwise, then pointwise, each with norm and activation.

    A `fused` one is the single operation that TF-Slim calls `separable_conv2d`: nothing stands between the two,
    and `norm` says whether batch norm or a bias follows the pointwise one.
    """

    out: int
    stride: int = 1
    kernel: int = 3
    multiplier: int = 1
    fused: bool = False
    norm: bool | None = None
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        filters = (
            Depthwise(self.kernel, self.stride, self.multiplier, norm=False, bias=False, activation=None)
            if self.fused
            else Depthwise(self.kernel, self.stride, self.multiplier, norm=self.norm)
        )
        depthwise = filters.lay(tap, style, f"{name}/depthwise")
        mixed = Conv(self.out, kernel=1, norm=self.norm)
        return depthwise + mixed.lay(tap_of(depthwise[-1]), style, f"{name}/pointwise")


@dataclass(frozen=True, slots=True)
class Pool:
    """Max, average or L2 pooling, without padding unless it asks for some (None: as the network pads)."""

    kind: PoolKind
    kernel: int | Size = 3
    stride: int = 2
    padding: Padding | int | None = 0
    ceil: bool = False
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        kernel = pair(self.kernel)
        padding = style.pad(self.padding, kernel)
        return [
            Layer(
                name=name,
                op=_POOL_OPS[self.kind],
                inputs=(tap.name,),
                in_channels=tap.channels,
                out_channels=tap.channels,
                in_size=tap.size,
                out_size=out_size(tap.size, kernel, self.stride, padding, ceil=self.ceil),
                kernel=kernel,
                stride=self.stride,
                padding=padding,
                ceil=self.ceil,
            )
        ]


@dataclass(frozen=True, slots=True)
class GlobalAveragePool:
    """The mean over the whole map, whatever its size ("Avg Pool" of Table 1)."""

    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        return [_same_channels(tap, name, "global_average_pool", out=(1, 1))]


@dataclass(frozen=True, slots=True)
class LocalResponseNorm:
    """AlexNet's normalisation across channels: no weights, and no mult-adds by the paper's way of counting."""

    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        return [_same_channels(tap, name, "local_response_norm", out=tap.size)]


@dataclass(frozen=True, slots=True)
class L2Normalise:
    """The vector divided by its length, so that an embedding lies on the unit sphere (FaceNet)."""

    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        return [_same_channels(tap, name, "l2_normalise", out=tap.size)]


@dataclass(frozen=True, slots=True)
class L2Scale:
    """Each place's vector at a learnt length, so that a map of large numbers trains beside others (SSD, ParseNet)."""

    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        return [_same_channels(tap, name, "l2_scale", out=tap.size)]


def _same_channels(tap: Tap, name: str, op: Op, *, out: Size) -> Layer:
    return Layer(
        name=name,
        op=op,
        inputs=(tap.name,),
        in_channels=tap.channels,
        out_channels=tap.channels,
        in_size=tap.size,
        out_size=out,
    )


@dataclass(frozen=True, slots=True)
class Linear:
    """A fully connected layer with bias; it flattens what it reads. Its outputs do not scale with the width."""

    out: int
    activation: Activation | None = None
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        return [
            Layer(
                name=name,
                op="linear",
                inputs=(tap.name,),
                in_channels=tap.channels,
                out_channels=self.out,
                in_size=tap.size,
                out_size=(1, 1),
                bias=True,
                activation=self.activation,
            )
        ]


@dataclass(frozen=True, slots=True)
class Branches:
    """Several rows of rows on the same input, their outputs joined along the channels (an Inception block).

    A branch without rows passes its input on. Raises `ValueError` where the branches end in different sizes.
    """

    branches: tuple[tuple[Row, ...], ...]
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        laid: list[Layer] = []
        ends: list[Tap] = []
        for number, branch in enumerate(self.branches):
            added = lay(branch, tap, style, prefix=f"{name}/branch_{number}/")
            laid += added
            ends.append(tap_of(added[-1]) if added else tap)
        return [*laid, _joined(ends, f"{name}/concat")]


@dataclass(frozen=True, slots=True)
class Residual:
    """What rows make of a map, added to the map itself. Raises `ValueError` where they change its size or channels."""

    rows: tuple[Row, ...]
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        laid = lay(self.rows, tap, style, prefix=f"{name}/")
        end = tap_of(laid[-1])
        if (end.channels, end.size) != (tap.channels, tap.size):
            raise ValueError(f"{name} cannot add {end.channels} channels of {end.size} to {tap.channels} of {tap.size}")
        return [*laid, replace(_same_channels(end, f"{name}/add", "add", out=end.size), inputs=(tap.name, end.name))]


@dataclass(frozen=True, slots=True)
class CentreCrop:
    """The middle of the map: all of its height, and `share` of its width as a fraction (6, 7)."""

    share: tuple[int, int]
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        height, width = tap.size
        return [_same_channels(tap, name, "centre_crop", out=(height, width * self.share[0] // self.share[1]))]


def _joined(ends: list[Tap], name: str) -> Layer:
    sizes = {end.size for end in ends}
    if len(sizes) > 1:
        raise ValueError(f"{name} cannot join maps of different sizes: {sorted(sizes)}")
    channels = sum(end.channels for end in ends)
    return Layer(
        name=name,
        op="concat",
        inputs=tuple(end.name for end in ends),
        in_channels=channels,
        out_channels=channels,
        in_size=ends[0].size,
        out_size=ends[0].size,
    )
