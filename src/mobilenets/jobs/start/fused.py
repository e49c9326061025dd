"""Weights of separable layers for a network that has them fused, as the second stage of Faster R-CNN on MobileNet."""

from collections.abc import Collection, Mapping

from torch import Tensor

_DEPTHWISE, _POINTWISE = ".depthwise", ".pointwise"
_SCALE = f"{_DEPTHWISE}.norm.weight"
_BIAS = f"{_DEPTHWISE}.conv.bias"


def fused_layers(state: Mapping[str, Tensor], wanted: Collection[str]) -> list[str]:
    """The separable layers that have something between their halves in `state` and not in the network wanted."""
    return [
        name.removesuffix(end)
        for name in state
        for end in (_SCALE, _BIAS)
        if name.endswith(end) and name not in wanted and f"{name.removesuffix(end)}{_DEPTHWISE}.conv.weight" in wanted
    ]


def fused(state: Mapping[str, Tensor], layers: Collection[str], *, epsilon: float) -> dict[str, Tensor]:
    """The state with batch norm between the halves of `layers` put into them: its scale into the depthwise filters,
    its shift, seen through the pointwise ones, into what follows these.

    The function is the same but for the activation that stood between the halves.
    """
    changed = dict(state)
    for layer in layers:
        shift = _without_scale(changed, layer, epsilon=epsilon)
        seen = changed[f"{layer}{_POINTWISE}.conv.weight"].flatten(1) @ shift
        mean, bias = (f"{layer}{_POINTWISE}.{end}" for end in ("norm.running_mean", "conv.bias"))
        changed |= {mean: changed[mean] - seen} if mean in changed else {bias: changed[bias] + seen}
    return changed


def _without_scale(state: dict[str, Tensor], layer: str, *, epsilon: float) -> Tensor:
    """Put the scale into the depthwise filters; gives the shift that is left."""
    if f"{layer}{_SCALE}" not in state:
        return state[f"{layer}{_BIAS}"]
    weight, bias, mean, variance = (
        state[f"{layer}{_DEPTHWISE}.norm.{end}"] for end in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / (variance + epsilon).sqrt()
    filters = f"{layer}{_DEPTHWISE}.conv.weight"
    state[filters] = state[filters] * scale.view(-1, 1, 1, 1)
    return bias - mean * scale
