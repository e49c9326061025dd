"""Random weights as the authors' code draws them."""

from torch import nn

TF_SLIM_STDDEV = 0.09  # reference: TF-Slim's truncated normal for every convolution and the classifier


def initialise(network: nn.Module, *, stddev: float = TF_SLIM_STDDEV) -> None:
    """Truncated normal weights (cut at two standard deviations), zero biases, batch norm as new; in place."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(module.weight, std=stddev, a=-2 * stddev, b=2 * stddev)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
