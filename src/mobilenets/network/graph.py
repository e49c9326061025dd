"""A list of layers as a network: the one builder for bodies, heads and the networks the paper compares with."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mobilenets.architecture.layer import IMAGE, Layer, Op
from mobilenets.network.blocks import (
    Add,
    CentreCrop,
    Concat,
    ConvNorm,
    GlobalAveragePool,
    L2Normalise,
    L2Scale,
    Linear,
    LocalResponseNorm,
    Pool,
    Separable,
)
from mobilenets.network.boxes import boxes_module
from mobilenets.network.crop import RoiCrop
from mobilenets.network.propose import Propose
from mobilenets.network.stages import Stages

_MODULES: dict[Op, Callable[[Layer], nn.Module]] = {
    "conv": ConvNorm,
    "linear": Linear,
    "max_pool": Pool,
    "average_pool": Pool,
    "l2_pool": Pool,
    "global_average_pool": GlobalAveragePool,
    "concat": Concat,
    "add": Add,
    "centre_crop": CentreCrop,
    "local_response_norm": LocalResponseNorm,
    "l2_normalise": L2Normalise,
    "l2_scale": L2Scale,
    "propose": Propose,
    "roi_crop": RoiCrop,
    "boxes": boxes_module,
}

# Images whose proposals are looked at together in evaluation: the 300 crops of each are 120 MB and more.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class _Step:
    """One module call: what it reads, what it makes, what nobody needs afterwards."""

    key: str
    inputs: tuple[str, ...]
    output: str
    done: tuple[str, ...]


class Network(nn.Module):
    """The network of a list of layers, resolved by `mobilenets.architecture`.

    Every layer is the block of its own name ("/" reads "-" there and "." reads "_"); a depthwise layer and the
    pointwise one behind it are one `Separable`. The output is that of the last layer. `layers` stays readable.
    Raises `ValueError` for no layers and for two of one name.
    """

    def __init__(self, layers: Sequence[Layer], *, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = tuple(layers)
        if not self.layers:
            raise ValueError("a network needs at least one layer")
        self.blocks = nn.ModuleDict()
        calls = []
        for group in _groups(self.layers):
            key = _key(group)
            if key in self.blocks:
                raise ValueError(f"two layers of the network are called {group[-1].name!r}")
            self.blocks[key] = _module(group, dropout=dropout)
            calls.append((key, group[0].inputs, group[-1].name))
        self._steps = _plan(calls)
        self._proposes = any(layer.op == "propose" for layer in self.layers)

    def forward(self, images: Tensor, guide: Mapping[str, Tensor] | None = None) -> Tensor | Stages:
        """(N, 3, H, W) floats, scaled as the network was trained, to the output of the last layer.

        With a `guide`, what `Propose` has to know of the objects while it learns, it is the rows of both stages.
        Raises `ValueError` where there is a guide and the network has one stage.
        """
        if guide is None and self._proposes and not self.training and len(images) > _AT_ONCE:
            return torch.cat([self._run(few, keep=())[self.layers[-1].name] for few in torch.split(images, _AT_ONCE)])
        if guide is None:
            return self._run(images, keep=())[self.layers[-1].name]
        said = self._proposal.inputs
        values = self._run(images, keep=said, guide=guide)
        first = self.blocks[self._proposal.key].rows(*(values[name] for name in said))  # type: ignore[operator]
        return Stages(first, values[self.layers[-1].name])

    def features(self, images: Tensor) -> dict[int, Tensor]:
        """The last map at each of the strides 4, 8, 16 and 32 that the network has, by stride (see `feature_taps`).

        A map is (N, C, H / stride, W / stride), rounded up in MobileNets; networks that pool without padding
        (AlexNet, Inception V3) lose some places at the border. Raises `ValueError` where there is no such map.
        """
        taps = feature_taps(self.layers)
        if not taps:
            raise ValueError("none of the network's maps has a stride of 4, 8, 16 or 32")
        kept = self._run(images, keep=tuple(taps.values()), until=max(taps.values(), key=self._place))
        return {stride: kept[name] for stride, name in taps.items()}

    def _place(self, name: str) -> int:
        return next(place for place, step in enumerate(self._steps) if step.output == name)

    @property
    def _proposal(self) -> _Step:
        found = next((step for step in self._steps if isinstance(self.blocks[step.key], Propose)), None)
        if found is None:
            raise ValueError("a network that makes no proposals cannot be guided")
        return found

    def _run(
        self,
        images: Tensor,
        *,
        keep: tuple[str, ...],
        until: str | None = None,
        guide: Mapping[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        values = {IMAGE: images}
        guided = self._proposal.output if guide is not None else None
        for step in self._steps:
            given = [values[name] for name in step.inputs]
            block = self.blocks[step.key]
            values[step.output] = block(*given, guide) if step.output == guided else block(*given)
            if step.output == until:
                break
            for name in step.done:
                if name not in keep:
                    del values[name]
        return values


def feature_taps(layers: Sequence[Layer]) -> dict[int, str]:
    """The last layer at each of the strides 4, 8, 16 and 32, before the map is pooled away, by stride.

    The stride is that of all layers up to there, multiplied: neighbouring places of the map are so many pixels apart.
    Layers inside a branch do not count, the block's own output does. A head that is a convolution (SqueezeNet's) does
    too: give the body alone where that is not meant.
    """
    groups = _groups(layers)
    last_read = {name: place for place, group in enumerate(groups) for name in group[0].inputs}
    strides = {IMAGE: 1}
    taps: dict[int, str] = {}
    needed = last_read[IMAGE]  # up to where any of the maps before this place is still read
    for place, group in enumerate(groups):
        name = group[-1].name
        if group[-1].op in ("linear", "global_average_pool"):
            break
        own = math.prod(layer.stride for layer in group)
        strides[name] = own * max(strides[read] for read in group[0].inputs)
        if needed <= place and strides[name] in (4, 8, 16, 32):
            taps[strides[name]] = name
        needed = max(needed, last_read.get(name, place))
    return taps


def _groups(layers: Sequence[Layer]) -> list[tuple[Layer, ...]]:
    """Layers by block: a separable block's two layers together, every other layer alone."""
    groups: list[tuple[Layer, ...]] = []
    for layer in layers:
        before = groups[-1][-1] if groups else None
        if (
            before
            and before.name.endswith("/depthwise")
            and layer.name == before.name[: -len("depthwise")] + "pointwise"
        ):
            groups[-1] = (before, layer)
        else:
            groups.append((layer,))
    return groups


def module_paths(layers: Sequence[Layer]) -> dict[str, str]:
    """Where in a network's state each layer stands: `separable_3/depthwise` at `blocks.separable_3.depthwise`."""
    paths: dict[str, str] = {}
    for group in _groups(layers):
        within = ("",) if len(group) == 1 else (".depthwise", ".pointwise")
        paths |= {layer.name: f"blocks.{_key(group)}{part}" for layer, part in zip(group, within, strict=True)}
    return paths


def _key(group: tuple[Layer, ...]) -> str:
    name = group[0].name
    return (name.rsplit("/", 1)[0] if len(group) > 1 else name).replace("/", "-").replace(".", "_")


def _module(group: tuple[Layer, ...], *, dropout: float) -> nn.Module:
    if len(group) > 1:
        return Separable(*group)
    layer = group[0]
    return Linear(layer, dropout=dropout) if layer.op == "linear" else _MODULES[layer.op](layer)


def _plan(calls: list[tuple[str, tuple[str, ...], str]]) -> tuple[_Step, ...]:
    """Note for each call which tensors it is the last to read, so that they can be freed behind it."""
    last = {name: place for place, (_, inputs, _) in enumerate(calls) for name in inputs}
    return tuple(
        _Step(key, inputs, output, tuple(name for name in dict.fromkeys(inputs) if last[name] == place))
        for place, (key, inputs, output) in enumerate(calls)
    )
