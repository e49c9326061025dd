"""The machine's own ceiling for a network: the matrix products that its pointwise layers are."""

from collections.abc import Iterable

from mobilenets.architecture.layer import Layer
from mobilenets.deployment.latency.alone.gemm import Product


def products(layers: Iterable[Layer]) -> tuple[Product, ...]:
    """(places, inputs, outputs) of each pointwise layer for one image.

    Nearly all of a MobileNet's mult-adds are in them (the paper's Table 2), so no runtime can be much quicker.
    """
    return tuple(
        (layer.out_size[0] * layer.out_size[1] * layer.repeats, layer.in_channels, layer.out_channels)
        for layer in layers
        if layer.kind == "pointwise"
    )
