"""Batch norm folded into the convolution before it: the same function with half the operations."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mobilenets.network.blocks import ConvNorm


def fold(network: nn.Module) -> nn.Module:
    """A copy of an evaluated network whose convolutions carry their batch norm. Outputs differ by rounding only.

    Raises `ValueError` for a network in training, where batch norm depends on the batch.
    """
    if network.training:
        raise ValueError("batch norm can be folded only in evaluation: call eval() first")
    folded = copy.deepcopy(network)
    with torch.no_grad():
        for block in folded.modules():
            if isinstance(block, ConvNorm) and isinstance(block.norm, nn.BatchNorm2d | nn.SyncBatchNorm):
                block.conv = fuse_conv_bn_eval(block.conv, block.norm)
                block.norm = nn.Identity()
                if isinstance(block.activation, nn.ReLU6):
                    block.activation.inplace = True
    return folded
