"""Table 1: the body of MobileNet, layer by layer."""

from mobilenets.architecture import names
from mobilenets.architecture.layer import Layer
from mobilenets.jobs.paper.entry import Column, Row, Table, words
from mobilenets.jobs.paper.published import BODY

_STRIDE = "The sizes in the table, before and after this layer, and every release have stride 1."
_SOFTMAX = "Not a layer here: it has no weights and belongs to the loss and to the answer."


def body_table(number: int) -> Table:
    """The 28 layers of MobileNet, with the pool and the softmax, beside the layers we resolve."""
    layers = names.network("mobilenet_v1_1.0_224")
    rows = [
        Row(
            layer.name,
            (
                words(kind, _kind(layer), why=_STRIDE),
                words(filters, _filters(layer)),
                words(size, _size(layer.in_channels, layer)),
            ),
        )
        for layer, (kind, filters, size) in zip(layers, BODY[:-1], strict=True)
    ]
    kind, filters, size = BODY[-1]
    softmax = (words(kind, None, why=_SOFTMAX), words(filters, None, why=_SOFTMAX))
    rows.append(Row("softmax", (*softmax, words(size, f"1x1x{layers[-1].out_channels}"))))
    columns = (
        Column("type", "type / stride", "words"),
        Column("filters", "filter shape", "words"),
        Column("input", "input size", "words"),
    )
    return Table(number, "MobileNet body architecture", columns, tuple(rows))


def _kind(layer: Layer) -> str:
    match layer.kind:
        case "depthwise":
            kind = "Conv dw"
        case "linear":
            kind = "FC"
        case "other":
            kind = "Avg Pool"
        case _:
            kind = "Conv"
    return f"{kind} / s{layer.stride}"


def _filters(layer: Layer) -> str:
    height, width = layer.kernel
    match layer.kind:
        case "depthwise":
            return f"{height}x{width}x{layer.in_channels} dw"
        case "linear":
            return f"{layer.in_channels}x{layer.out_channels}"
        case "other":
            return f"Pool {layer.in_size[0]}x{layer.in_size[1]}"
        case _:
            return f"{height}x{width}x{layer.in_channels}x{layer.out_channels}"


def _size(channels: int, layer: Layer) -> str:
    return f"{layer.in_size[0]}x{layer.in_size[1]}x{channels}"
