"""Several networks side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mobilenets.errors import UsageError
from mobilenets.jobs.cost import NetworkCost, cost


@dataclass(frozen=True, slots=True)
class Ratios:
    """A network's figures over those of the first of a comparison; None where either is not known."""

    mult_adds: float
    params: float
    weight_bytes: float
    peak_activation_bytes: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A network in a comparison, without its layers."""

    network: NetworkCost
    ratios: Ratios


def compare_costs(
    names: Sequence[str],
    *,
    classes: int | None = None,
    min_depth: int | None = None,
    resolution: int | None = None,
) -> tuple[Compared, ...]:
    """Several networks beside the first, each counted as by `cost`; ratios of bytes are those of float32."""
    if not names:
        raise UsageError("no network is named: name one or several, as in mobilenet_v1_0.75_192 vgg16 timm:resnet18")
    costs = [cost(name, classes=classes, min_depth=min_depth, resolution=resolution) for name in names]
    return tuple(Compared(replace(one, layers=()), _ratios(one, costs[0])) for one in costs)


def _ratios(one: NetworkCost, first: NetworkCost) -> Ratios:
    own, other = one.peak_activation_bytes, first.peak_activation_bytes
    return Ratios(
        mult_adds=one.mult_adds / first.mult_adds,
        params=one.params / first.params,
        weight_bytes=one.weight_bytes["float32"] / first.weight_bytes["float32"],
        peak_activation_bytes=own["float32"] / other["float32"] if own and other else None,
    )
