"""What a graph says of padding: SAME, or VALID behind an explicit Pad, as one of our two rules."""

from dataclasses import dataclass
from typing import Literal

from mobilenets.network.padding import same_pads
from mobilenets.weights.formats.graphdef.constants import Constants
from mobilenets.weights.formats.graphdef.nodes import Node
from mobilenets.weights.formats.graphdef.wire import GraphError

_HEIGHT = {"NHWC": 1, "NCHW": 2}
_FOUR = 4


@dataclass(frozen=True, slots=True)
class Borders:
    """Pixels of zeros put around a map: (before, after) in each direction."""

    vertical: tuple[int, int] = (0, 0)
    horizontal: tuple[int, int] = (0, 0)


def height_axis(node: Node) -> int:
    """The axis of the height in what an operation reads; the width is the next one."""
    layout = node.word("data_format", default="NHWC")
    if layout not in _HEIGHT:
        raise GraphError(f"{node} has the data format {layout!r}: NHWC and NCHW are known")
    return _HEIGHT[layout]


def square(node: Node, attribute: str) -> int:
    """The one size in both directions that `strides`, `ksize` or `dilations` has; 1 where it is missing."""
    sizes, axis = node.integers(attribute) or (1,) * _FOUR, height_axis(node)
    if len(sizes) != _FOUR or sizes[axis] != sizes[axis + 1] or sizes[axis] < 1:
        raise GraphError(f"{node} has the {attribute} {sizes[: _FOUR + 1]}, our networks the same in both directions")
    return sizes[axis]


def padded_by(node: Node, constants: Constants) -> Borders:
    """The borders that a Pad of zeros adds. Raises `GraphError` for any other."""
    if node.op == "PadV2" and constants.value(node.reads(2)).any():
        raise GraphError(f"{node} pads with other numbers than 0, our networks do not")
    rows = constants.value(node.reads(1))
    if rows.shape != (_FOUR, 2):
        raise GraphError(f"{node} has paddings of the shape {rows.shape} instead of (4, 2)")
    return _borders(node, [(int(before), int(after)) for before, after in rows])


def _borders(node: Node, rows: list[tuple[int, int]]) -> Borders:
    """Nothing says whether the channels are the second or the last axis; they are the one that is not padded."""
    none = (0, 0)
    if rows[0] != none or none not in (rows[1], rows[3]):
        raise GraphError(f"{node} pads {rows}, our networks only height and width")
    return Borders(rows[1], rows[2]) if rows[3] == none else Borders(rows[2], rows[3])


def padding_rule(
    node: Node,
    *,
    kernel: tuple[int, int],
    stride: int,
    size: int,
    borders: Borders,
) -> Literal["same", "symmetric"] | None:
    """The rule by which a convolution of a `size` x `size` map pads; None where both give the same borders.

    `borders` are those of a Pad before it. Raises `GraphError` where it is neither.
    """
    same = Borders(
        same_pads(size, kernel=kernel[0], stride=stride),
        same_pads(size, kernel=kernel[1], stride=stride),
    )
    symmetric = Borders((kernel[0] // 2,) * 2, (kernel[1] // 2,) * 2)
    has = _around(node, borders, same=same)
    if has == same:
        return None if same == symmetric else "same"
    if has == symmetric:
        return "symmetric"
    raise GraphError(
        f"{node} pads {has.vertical} and {has.horizontal}, neither as TensorFlow's SAME {same.vertical} nor on both "
        f"sides {symmetric.vertical}: it is none of our networks"
    )


def _around(node: Node, borders: Borders, *, same: Borders) -> Borders:
    """The borders in all, those of the convolution itself included."""
    rule = node.word("padding")
    if rule == "VALID":
        return borders
    if borders != Borders() or rule not in ("SAME", "EXPLICIT"):
        raise GraphError(f"{node} pads by the rule {rule!r} behind {borders}: it is none of our networks")
    if rule == "SAME":
        return same
    pairs = node.integers("explicit_paddings")
    if len(pairs) != 2 * _FOUR:
        raise GraphError(f"{node} has {len(pairs)} explicit paddings instead of {2 * _FOUR}")
    return _borders(node, list(zip(pairs[::2], pairs[1::2], strict=True)))
