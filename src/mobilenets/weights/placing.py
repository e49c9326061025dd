"""A file's kernels in the layers of one of our networks: its state, with every tensor in its place."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mobilenets.architecture.layer import Layer
from mobilenets.errors import UsageError
from mobilenets.network.graph import module_paths
from mobilenets.weights.found import Array, Kernel


def state_of(layers: Sequence[Layer], kernels: Sequence[Kernel], *, where: str) -> dict[str, Tensor]:
    """The state_dict of the network of `layers`, whose layers with weights take `kernels` in running order.

    A bias before a batch norm becomes part of its mean. Raises `UsageError` that names the first that does not fit.
    """
    paths = module_paths(layers)
    weighted = [layer for layer in layers if layer.weights]
    if len(weighted) != len(kernels):
        raise UsageError(f"{where} has {len(kernels)} kernels and the network {len(weighted)}: it is another network")
    state: dict[str, Tensor] = {}
    for layer, kernel in zip(weighted, kernels, strict=True):
        state |= _placed(layer, kernel, paths[layer.name], where=where)
    return state


def _placed(layer: Layer, kernel: Kernel, path: str, *, where: str) -> dict[str, Tensor]:
    shape = shape_of(layer)
    if kernel.values.shape != shape or kernel.groups != layer.groups:
        raise UsageError(
            f"{where}: {kernel.name} is {by(kernel.values.shape)} in {kernel.groups} groups and {layer.name} of the "
            f"network is {by(shape)} in {layer.groups}: it is another network"
        )
    if kernel.stride not in (None, layer.stride):
        raise UsageError(
            f"{where}: {kernel.name} has stride {kernel.stride} and {layer.name} of the network {layer.stride}: "
            "it is another network"
        )
    if layer.norm != (kernel.norm is not None):
        raise UsageError(f"{where}: {kernel.name} has {'no' if layer.norm else 'a'} batch norm, unlike the others")
    if layer.slopes != (kernel.slope is not None):
        raise UsageError(f"{where}: {kernel.name} has {'no' if layer.slopes else 'the'} slopes of a PReLU behind it")
    _check_numbers(kernel, where=where)
    if layer.op == "linear":
        named = {"linear.weight": kernel.values.reshape(len(kernel.values), -1), "linear.bias": kernel.bias}
    else:
        named = {"conv.weight": kernel.values, **_norm(kernel)}
    if layer.bias and layer.op == "conv":
        named["conv.bias"] = kernel.bias
    if layer.slopes:
        named["activation.weight"] = kernel.slope
    zeros = torch.zeros(layer.out_channels)
    tensors = {
        f"{path}.{name}": zeros if values is None else torch.from_numpy(values.copy()).float()
        for name, values in named.items()
    }
    return tensors | ({f"{path}.norm.num_batches_tracked": torch.tensor(0)} if kernel.norm else {})


def _check_numbers(kernel: Kernel, *, where: str) -> None:
    """Bias and batch norm have one number a channel, all are finite, and no variance is negative."""
    norm = kernel.norm
    parts = {"bias": kernel.bias, "slope": kernel.slope}
    if norm:
        parts |= {"scale": norm.scale, "shift": norm.shift, "mean": norm.mean, "variance": norm.variance}
        if (norm.variance < 0).any():
            raise UsageError(f"{where}: {kernel.name} has a negative variance: the file is damaged")
    for part, values in parts.items():
        if values is not None and values.shape != kernel.values.shape[:1]:
            raise UsageError(
                f"{where}: {kernel.name} has {len(kernel.values)} channels and a {part} of {by(values.shape)} "
                "numbers: the file is damaged"
            )
    if not all(np.isfinite(values).all() for values in (kernel.values, *parts.values()) if values is not None):
        raise UsageError(f"{where}: {kernel.name} holds numbers that are not finite: the file is damaged")


def _norm(kernel: Kernel) -> dict[str, Array | None]:
    if kernel.norm is None:
        return {}
    mean = kernel.norm.mean if kernel.bias is None else kernel.norm.mean - kernel.bias
    return {
        "norm.weight": kernel.norm.scale,
        "norm.bias": kernel.norm.shift,
        "norm.running_mean": mean,
        "norm.running_var": kernel.norm.variance,
    }


def shape_of(layer: Layer) -> tuple[int, ...]:
    """The shape of a layer's kernel, as a file's `Kernel` has it."""
    if layer.op == "linear":
        return (layer.out_channels, layer.weights // layer.out_channels, 1, 1)
    return (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel)


def by(shape: Sequence[int]) -> str:
    """A shape for people."""
    return " x ".join(map(str, shape))
