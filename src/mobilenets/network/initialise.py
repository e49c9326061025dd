"""Random weights as the authors' code draws them."""

import math

from torch import nn

from mobilenets.architecture.layer import Layer
from mobilenets.network.graph import Network, module_paths

TF_SLIM_STDDEV = 0.09  # reference: TF-Slim's truncated normal for every convolution and the classifier
DETECTOR_STDDEV = 0.03  # reference: the authors' detectors
_PRIOR = 0.01


def initialise(network: Network, *, stddev: float | None = None) -> None:
    """Truncated normal weights (cut at two standard deviations), zero biases, batch norm as new; in place.

    An unset `stddev` is what the authors' code has for such a network; a layer may have its own.
    A detector's scores begin by saying that nothing stands in a box, as in most, so that the few others are not lost
    among them (Lin et al., 2017, section 3.3).
    """
    last = network.layers[-1]
    if stddev is None:
        stddev = DETECTOR_STDDEV if last.op == "boxes" else TF_SLIM_STDDEV
    own = _own(network)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            spread = own.get(module, stddev)
            nn.init.trunc_normal_(module.weight, std=spread, a=-2 * spread, b=2 * spread)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
    if last.grids:
        _expect_background(network, last)


def _own(network: Network) -> dict[nn.Module, float]:
    """The standard deviation of each module whose layer has its own."""
    paths = module_paths(network.layers)
    return {
        module: layer.stddev
        for layer in network.layers
        if layer.stddev is not None
        for module in network.get_submodule(paths[layer.name]).modules()
    }


def _expect_background(network: Network, last: Layer) -> None:
    paths = module_paths(network.layers)
    for name in last.inputs[::2]:
        nn.init.constant_(network.get_parameter(f"{paths[name]}.conv.bias"), math.log(_PRIOR / (1 - _PRIOR)))
