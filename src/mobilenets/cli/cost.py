"""`mobilenets cost`: what a network costs, or several side by side."""

from collections.abc import Sequence

from tyro.conf import Positional

from mobilenets.cli.output import Column, million_text, print_json, print_line, print_table, size_text
from mobilenets.jobs.compare import Compared, compare_costs
from mobilenets.jobs.cost import LayerCost, NetworkCost, cost


def run(
    networks: Positional[tuple[str, ...]] = (),
    *,
    compare: tuple[str, ...] = (),
    classes: int | None = None,
    min_depth: int | None = None,
    resolution: int | None = None,
    json: bool = False,
) -> None:
    """What a network costs for one image: mult-adds, params and bytes, layer by layer.

    A name is a MobileNet (mobilenet_v1_0.75_192, conv_mobilenet_v1_1.0_224, shallow_mobilenet_v1_1.0_224), another
    network of the paper (vgg16, googlenet, ...), a detector (ssd_mobilenet_v1_1.0_300, frcnn_vgg16_600; also on
    inception_v2), or one of another library (timm:NAME, torchvision:NAME), which is counted by tracing it without
    weights.

    Args:
        networks: one network for its layers, or several to compare with the first
        compare: networks to compare, one row each
        classes: outputs of the classifier, a detector's without the background; unset, as published: mostly 1000
        min_depth: fewest channels of a layer in a narrow MobileNet; unset: 8, in a detector 16
        resolution: input pixels for timm: and torchvision: networks; unset: what their weights read
        json: print JSON
    """
    if len(networks) == 1 and not compare:
        one = cost(networks[0], classes=classes, min_depth=min_depth, resolution=resolution)
        print_json(one) if json else _print_network(one)
    else:
        rows = compare_costs((*networks, *compare), classes=classes, min_depth=min_depth, resolution=resolution)
        print_json(rows) if json else _print_compared(rows)


def _print_network(one: NetworkCost) -> None:
    each = "" if one.boxes is None else f"{one.boxes:,} boxes of "
    outputs = "" if one.outputs is None else f", {each}{one.outputs} outputs"
    print_line(f"{one.name}: image {_map_text(one.in_shape)}{outputs}, {one.counted}", style="bold")
    numbers = (Column("mult-adds", number=True), Column("params", number=True))
    columns = (Column("layer"), Column("kind"), Column("kernel"), Column("input"), Column("output"), *numbers)
    print_table(columns, [_layer_row(layer, traced=one.counted == "traced") for layer in one.layers])
    print_line()
    print_line(f"mult-adds  {one.mult_adds:,} ({million_text(one.mult_adds)})")
    print_line(f"params     {one.params:,} ({million_text(one.params)})")
    print_line()
    _print_shares(one)
    print_line()
    _print_bytes(one)


def _layer_row(layer: LayerCost, *, traced: bool) -> tuple[str, ...]:
    # A traced module does not say which of its dimensions are channels: its shapes stay as they are.
    shape_text = _plain_text if traced else _map_text
    stride = f" /{_squared(layer.stride)}" if set(layer.stride) - {1} else ""
    return (
        layer.name,
        layer.kind,
        "x".join(map(str, layer.kernel)) + stride,
        shape_text(layer.in_shape),
        shape_text(layer.out_shape) + (f", {layer.repeats} times" if layer.repeats > 1 else ""),
        f"{layer.mult_adds:,}",
        f"{layer.params:,}",
    )


def _print_shares(one: NetworkCost) -> None:
    parts = "weights" if one.counted == "planned" else "params"
    columns = (Column("kind"), Column("mult-adds", number=True), Column(parts, number=True))
    print_table(columns, [(share.kind, f"{share.mult_adds:.2%}", f"{share.weights:.2%}") for share in one.shares])


def _print_bytes(one: NetworkCost) -> None:
    columns = (Column("memory"), Column("float32", number=True), Column("int8", number=True))
    folded = "batch norm folded" if one.counted == "planned" else "as they stand, nothing folded"
    rows = [(f"weights ({folded})", *map(size_text, one.weight_bytes.values()))]
    if one.peak_activation_bytes is None:
        rows.append(("peak activations", "not known", "not known"))
    else:
        rows.append(("peak activations", *map(size_text, one.peak_activation_bytes.values())))
    print_table(columns, rows)


def _print_compared(rows: Sequence[Compared]) -> None:
    titles = ("mult-adds", "ratio", "params", "ratio", "float32", "int8", "ratio", "activations", "ratio")
    print_table((Column("network"), *(Column(title, number=True) for title in titles)), map(_compared_row, rows))
    print_line()
    print_line("Ratios are to the first. Bytes are of weights; activations are the float32 peak for one image.")
    if any(row.network.counted == "traced" for row in rows):
        print_line("Traced networks (timm:, torchvision:) keep their batch norm unfolded; their peak is not known.")


def _compared_row(row: Compared) -> tuple[str, ...]:
    network, ratios = row.network, row.ratios
    peak = network.peak_activation_bytes
    return (
        network.name,
        million_text(network.mult_adds),
        _ratio_text(ratios.mult_adds),
        million_text(network.params),
        _ratio_text(ratios.params),
        *map(size_text, network.weight_bytes.values()),
        _ratio_text(ratios.weight_bytes),
        "not known" if peak is None else size_text(peak["float32"]),
        "" if ratios.peak_activation_bytes is None else _ratio_text(ratios.peak_activation_bytes),
    )


def _ratio_text(ratio: float) -> str:
    return f"{ratio:.3g}x" if ratio < 100 else f"{ratio:.0f}x"  # noqa: PLR2004 (no 1e+02)


def _squared(sides: Sequence[int]) -> str:
    return str(sides[0]) if len(set(sides)) == 1 else "x".join(map(str, sides))


def _map_text(shape: Sequence[int]) -> str:
    """Height, width, then channels, as the paper's Table 1 writes maps."""
    return _plain_text((*shape[1:], *shape[:1]))


def _plain_text(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
