"""What a network costs: ours from its planned layers, other libraries' by tracing them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mobilenets.architecture import names
from mobilenets.architecture.cost import KINDS, Precision, Share
from mobilenets.architecture.cost import cost as add_up
from mobilenets.architecture.detectors.names import DetectorName, detector, is_detector, parse_detector
from mobilenets.architecture.layer import Kind, Layer
from mobilenets.errors import UsageError

if TYPE_CHECKING:
    from mobilenets.network.trace import TracedModule

Shape = tuple[int, ...]
_BYTES: dict[Precision, int] = {"float32": 4, "int8": 1}
_FOREIGN = ":"  # as in timm:resnet18
DEFAULT_MIN_DEPTH = 8


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One layer or module. Shapes are (channels, height, width) where it is a map, `params` has batch norm's too.

    `repeats` is how often it runs for one image, which `mult_adds` has in it: once for each proposal of a detector.
    `kernel` and `stride` are empty where there are none. In a traced network batch norm is a row of its own.
    """

    name: str
    kind: Kind
    kernel: Shape
    stride: Shape
    in_shape: Shape
    out_shape: Shape
    mult_adds: int
    params: int
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class NetworkCost:
    """The cost of one network for one image of `in_shape`.

    `outputs` are those of the classifier, or a detector's for each of its `boxes`: SSD's default boxes, Faster R-CNN's
    proposals; None for other networks. `counted` says how: "planned" adds up the layers of the network's table,
    "traced" runs another library's network on tensors without memory. `weight_bytes` of a planned network are those
    that ship, with batch norm folded; of a traced one they are all its params as they stand, and its
    `peak_activation_bytes` are not known (None).
    `shares` is the paper's Table 2. Its fractions of weights leave out biases and batch norm; those of a traced
    network are of all params, and it has a kind more, "other": normalisation, embeddings, products of attention.
    """

    name: str
    counted: Literal["planned", "traced"]
    in_shape: Shape
    outputs: int | None
    boxes: int | None
    mult_adds: int
    params: int
    weight_bytes: dict[Precision, int]
    peak_activation_bytes: dict[Precision, int] | None
    shares: tuple[Share, ...]
    layers: tuple[LayerCost, ...]


def cost(
    name: str, *, classes: int | None = None, min_depth: int | None = None, resolution: int | None = None
) -> NetworkCost:
    """What a network costs: `cost("mobilenet_v1_0.75_192").mult_adds` is 239273472.

    `name` is one of ours (`mobilenet_v1_0.75_192`, `vgg16`, the detector `ssd_mobilenet_v1_1.0_300`), or another
    library's: `timm:NAME`, `torchvision:NAME`, which imports that library. `classes` unset is what the network was
    published with, mostly 1000; a detector (90) has one output more, for the background. `min_depth` is the fewest
    channels of a layer in a narrow MobileNet (8; in a detector 16). `resolution` is for other libraries' networks;
    unset it is what their default weights read. Mult-adds are counted as the paper does (section 3.1): convolutions
    and matrix products, without biases, batch norm and activations. Raises `UsageError` for an unknown name and for
    what the network cannot be.
    """
    if _FOREIGN in name:
        if min_depth is not None:
            raise UsageError(f"min-depth {min_depth} with {name}: it is for our own MobileNets, so leave it out")
        return _traced(name, classes=classes, resolution=resolution)
    ours = parse_detector(name) if is_detector(name) else names.parse(name)
    if resolution is not None:
        other = replace(ours, resolution=resolution)
        raise UsageError(f"resolution {resolution} with {name}: it is part of our networks' names, so use {other}")
    if min_depth is not None and ours.family not in names.FAMILIES:
        raise UsageError(f"min-depth {min_depth} with {name}: it is for MobileNets, so leave it out")
    if isinstance(ours, DetectorName):
        found = detector(ours, classes=classes, min_depth=min_depth)
        return _planned(str(ours), found.layers, outputs=found.outputs, boxes=found.boxes)
    layers = names.network(ours, classes=classes, min_depth=DEFAULT_MIN_DEPTH if min_depth is None else min_depth)
    return _planned(str(ours), layers, outputs=layers[-1].out_channels)


def _planned(name: str, layers: Sequence[Layer], *, outputs: int, boxes: int | None = None) -> NetworkCost:
    total = add_up(layers)
    return NetworkCost(
        name=name,
        counted="planned",
        in_shape=(layers[0].in_channels, *layers[0].in_size),
        outputs=outputs,
        boxes=boxes,
        mult_adds=total.mult_adds,
        params=total.params,
        weight_bytes=total.weight_bytes,
        peak_activation_bytes=total.peak_activation_bytes,
        shares=total.shares,
        layers=tuple(map(_of_layer, layers)),
    )


def _of_layer(layer: Layer) -> LayerCost:
    windowed = layer.op in ("conv", "max_pool", "average_pool", "l2_pool")
    return LayerCost(
        name=layer.name,
        kind=layer.kind,
        kernel=layer.kernel if windowed else (),
        stride=(layer.stride, layer.stride) if windowed else (),
        in_shape=(layer.in_channels, *layer.in_size),
        out_shape=(layer.out_channels, *layer.out_size),
        mult_adds=layer.mult_adds,
        params=layer.params,
        repeats=layer.repeats,
    )


def _traced(name: str, *, classes: int | None, resolution: int | None) -> NetworkCost:
    from mobilenets.network.foreign import build_foreign

    network = build_foreign(name, classes=classes, resolution=resolution)
    traced = network.count()
    layers = tuple(map(_of_module, traced.modules))
    return NetworkCost(
        name=name,
        counted="traced",
        in_shape=network.input_shape,
        outputs=traced.out_shape[-1] if len(traced.out_shape) == 2 else None,  # noqa: PLR2004 (batch and outputs)
        boxes=None,
        mult_adds=traced.mult_adds,
        params=traced.params,
        weight_bytes={precision: traced.params * size for precision, size in _BYTES.items()},
        peak_activation_bytes=None,
        shares=_shares(layers),
        layers=layers,
    )


def _of_module(module: "TracedModule") -> LayerCost:
    return LayerCost(
        name=module.name,
        kind=module.kind,
        kernel=module.kernel,
        stride=module.stride,
        in_shape=module.in_shape[1:],
        out_shape=module.out_shape[1:],
        mult_adds=module.mult_adds,
        params=module.params,
    )


def _shares(layers: Sequence[LayerCost]) -> tuple[Share, ...]:
    kinds: tuple[Kind, ...] = (*KINDS, "other")
    mult_adds = sum(layer.mult_adds for layer in layers) or 1
    params = sum(layer.params for layer in layers) or 1
    return tuple(
        Share(
            kind=kind,
            mult_adds=sum(layer.mult_adds for layer in layers if layer.kind == kind) / mult_adds,
            weights=sum(layer.params for layer in layers if layer.kind == kind) / params,
        )
        for kind in kinds
    )
