"""How rows become layers: what a row reads (`Tap`), what its network shares (`Style`), and the laying itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from mobilenets.architecture.geometry import pair
from mobilenets.architecture.layer import IMAGE, Activation, Layer, Padding, Size


@dataclass(frozen=True, slots=True)
class Tap:
    """A tensor that a row reads: the layer that makes it, its channels, its (height, width)."""

    name: str
    channels: int
    size: Size


@dataclass(frozen=True, slots=True)
class Style:
    """What a whole network shares: the width multiplier, the smallest depth, padding, activation, batch norm
    and what that adds to the variance."""

    width: float = 1.0
    min_depth: int = 8
    padding: Literal["same", "symmetric"] = "same"
    activation: Activation | None = "relu6"
    norm: bool = True
    epsilon: float = 1e-3

    def depth(self, channels: int) -> int:
        """Channels at this width (section 3.3): `max(int(channels * width), min_depth)`, as TF-Slim has it."""
        return max(int(channels * self.width), self.min_depth)

    def pad(self, asked: Padding | int | None, kernel: Size) -> Padding:
        """A row's own padding, or this network's for the kernel where the row asks for none in particular."""
        if asked is None:
            return "same" if self.padding == "same" else (kernel[0] // 2, kernel[1] // 2)
        return (asked, asked) if isinstance(asked, int) else asked


def changed(style: Style, **asked: Any) -> Style:
    """The style with what is asked for (not None) in place of its own."""
    return replace(style, **{name: value for name, value in asked.items() if value is not None})


class Row(Protocol):
    """Anything a table may hold. `name` is empty where the place in the table says enough."""

    @property
    def name(self) -> str: ...

    def lay(self, tap: Tap, style: Style, name: str) -> list[Layer]:
        """The layers of this row on `tap`, called by `name`, in running order; the last one is the row's output."""
        ...


def tap_of(layer: Layer) -> Tap:
    """The output of a layer, for the next row to read."""
    return Tap(layer.name, layer.out_channels, layer.out_size)


def image_tap(resolution: int | Size, channels: int = 3) -> Tap:
    """The network's input."""
    return Tap(IMAGE, channels, pair(resolution))


def lay(rows: Sequence[Row], tap: Tap, style: Style, *, prefix: str = "") -> list[Layer]:
    """Lay rows one behind the other; rows without a name are called by their kind and place (`separable_3`)."""
    laid: list[Layer] = []
    for place, row in enumerate(rows):
        laid += row.lay(tap, style, prefix + (row.name or f"{type(row).__name__.lower()}_{place}"))
        tap = tap_of(laid[-1]) if laid else tap
    return laid
