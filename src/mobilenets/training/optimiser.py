"""The optimiser of a run, and which weights decay."""

from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from mobilenets.run import Optimisation

# TF-Slim's constants for RMSProp (reference: classification.md); epsilon stands inside the root.
_RMSPROP_DECAY = 0.9
_RMSPROP_EPSILON = 1.0
_ADAM_BETA2 = 0.999


def optimiser(network: nn.Module, settings: Optimisation) -> Optimizer:
    """The optimiser for a network's trainable weights; its learning rate is set step by step."""
    groups = decay_groups(network, settings)
    lr, momentum = settings.lr, settings.momentum
    # A fused step is one pass over the weights; the devices that lack it say so when it is asked for.
    match settings.optimiser:
        case "rmsprop_tf":
            from timm.optim.rmsprop_tf import RMSpropTF

            return RMSpropTF(groups, lr=lr, alpha=_RMSPROP_DECAY, eps=_RMSPROP_EPSILON, momentum=momentum)
        case "sgd":
            return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0, fused=True)
        case "adamw":
            return torch.optim.AdamW(groups, lr=lr, betas=(momentum, _ADAM_BETA2), fused=True)


def decay_groups(network: nn.Module, settings: Optimisation) -> list[dict[str, Any]]:
    """Two groups: what decays, and what does not: biases, batch norm, and depthwise filters (section 3.2).

    With `settings.decay_depthwise` the filters decay too. Frozen weights are in neither group.
    """
    decayed: list[nn.Parameter] = []
    kept: list[nn.Parameter] = []
    for module in network.modules():
        depthwise = isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1
        for parameter in module.parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            # Biases and the scales of any normalisation are vectors.
            spared = parameter.ndim <= 1 or (depthwise and not settings.decay_depthwise)
            (kept if spared else decayed).append(parameter)
    return [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": kept, "weight_decay": 0.0},
    ]
