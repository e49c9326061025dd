"""The optimiser of a run, and which weights decay."""

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
    # A fused step is one pass over the weights; the devices that lack it say so when it is asked for.
    if settings.optimiser == "rmsprop_tf":
        from timm.optim import RMSpropTF

        return RMSpropTF(groups, lr=settings.lr, alpha=_RMSPROP_DECAY, eps=_RMSPROP_EPSILON, momentum=settings.momentum)
    if settings.optimiser == "sgd":
        return torch.optim.SGD(
            groups, lr=settings.lr, momentum=settings.momentum, nesterov=settings.momentum > 0, fused=True
        )
    return torch.optim.AdamW(groups, lr=settings.lr, betas=(settings.momentum, _ADAM_BETA2), fused=True)


def decay_groups(network: nn.Module, settings: Optimisation) -> list[dict[str, object]]:
    """Two groups: what decays, and what does not: biases, batch norm, and depthwise filters (section 3.2)."""
    decayed: list[nn.Parameter] = []
    kept: list[nn.Parameter] = []
    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            depthwise = isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1
            spared = name == "bias" or isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm)
            if spared or (depthwise and not settings.decay_depthwise):
                kept.append(parameter)
            else:
                decayed.append(parameter)
    return [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": kept, "weight_decay": 0.0},
    ]
