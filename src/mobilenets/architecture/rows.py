"""The rows a network's table is written in, and how each becomes layers.

A table is a tuple of rows and says only what the paper's table says: what kind of layer, how many outputs,
which stride. Width, resolution, padding and activation arrive with the `Style` and the `Tap` a row is laid on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mobilenets.architecture.layer import IMAGE, Activation, Layer, Padding, Size


@dataclass(frozen=True, slots=True)
class Tap:
    """A tensor that a row reads: the layer that makes it, its channels, its (height, width)."""

    name: str
    channels: int
    size: Size


@dataclass(frozen=True, slots=True)
class Style:
    """What a whole network shares: the width multiplier, the smallest depth, padding, activation, batch norm."""

    width: float = 1.0
    min_depth: int = 8
    padding: Literal["same", "symmetric"] = "same"
    activation: Activation | None = "relu6"
    norm: bool = True

    def depth(self, channels: int) -> int:
        """Channels at this width (section 3.3): `max(int(channels * width), min_depth)`, as TF-Slim has it."""
        if self.width == 1.0:
            return channels
        return max(int(channels * self.width), self.min_depth)


class Row(Protocol):
    """Anything a table may hold. `name` is empty where the place in the table says enough."""

    @property
    def name(self) -> str: ...

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        """The layers of this row on `tap`, called by `name`, in running order; the last one is the row's output."""
        ...


def _pair(value: int | Size) -> Size:
    return (value, value) if isinstance(value, int) else value


def _padding(asked: Padding | int | None, kernel: Size, style: Style) -> Padding:
    if asked is not None:
        return asked if asked == "same" or isinstance(asked, tuple) else (asked, asked)
    return "same" if style.padding == "same" else (kernel[0] // 2, kernel[1] // 2)


def _out(size: Size, kernel: Size, stride: int, padding: Padding, *, ceil: bool = False) -> Size:
    if padding == "same":
        return (-(-size[0] // stride), -(-size[1] // stride))
    height, width = (
        _out_one(length, extent=extent, stride=stride, pad=pad, ceil=ceil)
        for length, extent, pad in zip(size, kernel, padding, strict=True)
    )
    return (height, width)


def _out_one(length: int, *, extent: int, stride: int, pad: int, ceil: bool) -> int:
    room = length + 2 * pad - extent
    if room < 0:
        raise ValueError(f"a {extent}-pixel kernel does not fit into {length} + 2 x {pad} pixels")
    if not ceil:
        return room // stride + 1
    steps = -(-room // stride) + 1
    # A pooling window that would start in the padding beyond the map is dropped (Caffe's rule and PyTorch's).
    return steps - 1 if (steps - 1) * stride >= length + pad else steps


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution with batch norm and activation (Figure 3, left)."""

    out: int
    kernel: int | Size = 3
    stride: int = 1
    groups: int = 1
    padding: Padding | int | None = None
    bias: bool | None = None
    norm: bool | None = None
    activation: Activation | Literal["style"] | None = "style"
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        return [self.one(tap, style, name, out=style.depth(self.out), groups=self.groups)]

    def one(self, tap: Tap, style: Style, name: str, *, out: int, groups: int) -> Layer:
        """The layer itself, with its final number of outputs and groups."""
        kernel = _pair(self.kernel)
        padding = _padding(self.padding, kernel, style)
        norm = style.norm if self.norm is None else self.norm
        return Layer(
            name=name,
            op="conv",
            inputs=(tap.name,),
            in_channels=tap.channels,
            out_channels=out,
            in_size=tap.size,
            out_size=_out(tap.size, kernel, self.stride, padding),
            kernel=kernel,
            stride=self.stride,
            padding=padding,
            groups=groups,
            bias=not norm if self.bias is None else self.bias,
            norm=norm,
            activation=style.activation if self.activation == "style" else self.activation,
        )


@dataclass(frozen=True, slots=True)
class Depthwise:
    """One filter a channel (equation 3); `multiplier` outputs for each input channel."""

    kernel: int | Size = 3
    stride: int = 1
    multiplier: int = 1
    norm: bool | None = None
    bias: bool | None = None
    activation: Activation | Literal["style"] | None = "style"
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        conv = Conv(0, self.kernel, self.stride, bias=self.bias, norm=self.norm, activation=self.activation)
        out = tap.channels * self.multiplier
        return [conv.one(tap, style, name, out=out, groups=tap.channels)]


@dataclass(frozen=True, slots=True)
class Separable:
    """A depthwise separable convolution (Figure 3, right): depthwise, then pointwise, each with norm and activation."""

    out: int
    stride: int = 1
    kernel: int = 3
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        depthwise = Depthwise(self.kernel, self.stride).lay(tap, style, f"{name}/depthwise")
        pointwise = Conv(self.out, kernel=1).lay(tap_of(depthwise[-1]), style, f"{name}/pointwise")
        return depthwise + pointwise


@dataclass(frozen=True, slots=True)
class Pool:
    """Max or average pooling."""

    op: Literal["max", "average"]
    kernel: int = 3
    stride: int = 2
    padding: Padding | int | None = 0
    ceil: bool = False
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        kernel = _pair(self.kernel)
        padding = _padding(self.padding, kernel, style)
        return [
            Layer(
                name=name,
                op="max_pool" if self.op == "max" else "average_pool",
                inputs=(tap.name,),
                in_channels=tap.channels,
                out_channels=tap.channels,
                in_size=tap.size,
                out_size=_out(tap.size, kernel, self.stride, padding, ceil=self.ceil),
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
        return [_same_channels(tap, name, "global_average_pool", out_size=(1, 1))]


@dataclass(frozen=True, slots=True)
class LocalResponseNorm:
    """AlexNet's normalisation across channels: no weights and no mult-adds by the paper's way of counting."""

    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        return [_same_channels(tap, name, "local_response_norm", out_size=tap.size)]


def _same_channels(
    tap: Tap, name: str, op: Literal["global_average_pool", "local_response_norm"], *, out_size: Size
) -> Layer:
    return Layer(
        name=name,
        op=op,
        inputs=(tap.name,),
        in_channels=tap.channels,
        out_channels=tap.channels,
        in_size=tap.size,
        out_size=out_size,
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
    """Several rows of rows on the same input, their outputs joined along the channels (an Inception block)."""

    branches: tuple[tuple[Row, ...], ...]
    name: str = ""

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        laid: list[Layer] = []
        ends: list[Tap] = []
        for number, branch in enumerate(self.branches):
            added = lay(branch, tap, style, prefix=f"{name}/branch_{number}/")
            laid += added
            ends.append(tap_of(added[-1]) if added else tap)
        channels = sum(end.channels for end in ends)
        joined = Layer(
            name=f"{name}/concat",
            op="concat",
            inputs=tuple(end.name for end in ends),
            in_channels=channels,
            out_channels=channels,
            in_size=ends[0].size,
            out_size=ends[0].size,
        )
        return [*laid, joined]


def tap_of(layer: Layer) -> Tap:
    """The output of a layer, for the next row to read."""
    return Tap(layer.name, layer.out_channels, layer.out_size)


def image_tap(resolution: int | Size, channels: int = 3) -> Tap:
    """The network's input."""
    return Tap(IMAGE, channels, _pair(resolution))


def lay(rows: Sequence[Row], tap: Tap, style: Style, *, prefix: str = "") -> list[Layer]:
    """Lay rows one behind the other; rows without a name are called by their kind and place (`separable_3`)."""
    laid: list[Layer] = []
    for place, row in enumerate(rows):
        laid += row.lay(tap, style, prefix + (row.name or f"{type(row).__name__.lower()}_{place}"))
        tap = tap_of(laid[-1]) if laid else tap
    return laid
