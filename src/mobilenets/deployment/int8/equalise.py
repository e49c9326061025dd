"""Channels brought to like ranges across layers, without a change of what the network computes.

Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), section 4.1, for
kernels that have a scale a channel: there one layer's output channels share a grid as activations, and the next
layer's weights for them as the row of a kernel. A depthwise kernel has a grid for each channel it reads, so before it
the activations alone decide.
"""

import copy
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from mobilenets.architecture.layer import Layer
from mobilenets.deployment.int8.fake import weighted
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.watch import run_watched

# What a channel is multiplied by and the next layer divided by, at most: a channel that was hardly ever on is left so.
_MOST = 16.0
# Room above what was seen, below the ceiling of ReLU6.
_ROOM = 1.25
_CEILING = 6.0
_TINY = 1e-12
# Operations behind which a positive factor comes out as it went in.
_PASSES = ("global_average_pool", "average_pool", "max_pool")


def equalised(network: Network, batches: Iterable[Tensor]) -> Network:
    """A copy of a folded network whose channels are alike, measured over batches of scaled images.

    ReLU6 is no factor's friend: relu6(f x) is f relu6(x) only below its ceiling. A channel that was seen at the
    ceiling stays as it is, and no other is brought up to it. For the images given the network computes the same.
    """
    made = copy.deepcopy(network)
    largest = _largest(made, batches)
    paths = module_paths(made.layers)
    with torch.no_grad():
        for layer in made.layers:
            reader = _reader(made.layers, layer)
            if reader is None:
                continue
            before, behind = (weighted(made.get_submodule(paths[one.name])) for one in (layer, reader))
            if before is None or behind is None:
                continue
            factors = _factors(largest[layer.name], behind.weight, layer=layer, reader=reader)
            _multiply(before, factors)
            behind.weight /= _along_inputs(factors, behind.weight, reader=reader)
    return made


def _largest(network: Network, batches: Iterable[Tensor]) -> dict[str, Tensor]:
    """The greatest size of each channel of every convolution's output, (channels,)."""
    seen: dict[str, Tensor] = {}

    def note(name: str, _: Tensor, output: Tensor) -> None:
        sizes = output.abs().transpose(0, 1).flatten(1).amax(1)
        seen[name] = torch.maximum(seen[name], sizes) if name in seen else sizes

    paths = module_paths(network.layers)
    convolutions = {one.name: network.get_submodule(paths[one.name]) for one in network.layers if one.op == "conv"}
    run_watched(network, batches, convolutions, note)
    return seen


def _reader(layers: Sequence[Layer], layer: Layer) -> Layer | None:
    """The one layer with weights that reads a convolution, straight or through pooling; None where there are others."""
    if layer.op != "conv":
        return None
    name = layer.name
    while True:
        readers = [one for one in layers if name in one.inputs]
        if len(readers) != 1:
            return None
        if readers[0].op not in _PASSES:
            break
        name = readers[0].name
    reader = readers[0]
    whole = reader.op == "linear" and reader.in_size == (1, 1)
    return reader if whole or reader.kind in ("conv", "pointwise", "depthwise") else None


def _factors(largest: Tensor, behind: Tensor, *, layer: Layer, reader: Layer) -> Tensor:
    """What each output channel of `layer` is multiplied by."""
    ceiling = _CEILING if layer.activation == "relu6" else None
    target = largest.max() if ceiling is None else largest.new_tensor(ceiling / _ROOM)
    sizes = largest.clamp_min(_TINY)
    if reader.kind == "depthwise":
        factors = target / sizes
    else:
        reads = behind.abs().transpose(0, 1).flatten(1).amax(1).clamp_min(_TINY)
        wanted = (reads / sizes).sqrt()
        factors = wanted * target / (wanted * sizes).max()
    factors = factors.clamp(1 / _MOST, _MOST)
    if ceiling is not None:
        factors = torch.minimum(factors, (ceiling / _ROOM / sizes).clamp_min(1 / _MOST))
        factors = torch.where(largest * _ROOM >= ceiling, 1.0, factors)
    return torch.where(largest > 0, factors, 1.0)


def _multiply(module: nn.Conv2d | nn.Linear, factors: Tensor) -> None:
    module.weight *= factors.view(-1, *(1,) * (module.weight.dim() - 1))
    if module.bias is not None:
        module.bias *= factors


def _along_inputs(factors: Tensor, kernel: Tensor, *, reader: Layer) -> Tensor:
    """Factors as they divide the kernel that reads those channels."""
    if reader.kind == "depthwise":
        return factors.repeat_interleave(reader.out_channels // reader.in_channels).view(-1, 1, 1, 1)
    return factors.view(1, -1, *(1,) * (kernel.dim() - 2))
