"""The first stage of fine-tuning: the best last layer on the features of a body that stays as it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mobilenets.data.examples import Batch
from mobilenets.data.reading import Pixels
from mobilenets.data.shapes import Shape
from mobilenets.data.views import Array
from mobilenets.maths.logistic import Linear
from mobilenets.network.watch import watched
from mobilenets.prediction.model import Model

# Numbers held at once, 400 MB of them; finding the head takes about three times that.
_MOST = 100_000_000


@dataclass(frozen=True, slots=True)
class Shaped:
    """Photographs as another shape keeps them."""

    pixels: Pixels
    shape: Shape

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, place: int) -> Array:
        return self.shape(self.pixels[place])


@dataclass(frozen=True, slots=True)
class Features:
    """What the last layer reads, (rows, channels), with the targets of each row and the place of its photograph."""

    values: Tensor
    targets: dict[str, Tensor]
    places: Tensor


def last_layer(network: nn.Module) -> nn.Linear:
    """The fully connected layer that a network ends in. Raises `ValueError` where it ends otherwise."""
    *_, last = (module for module in network.modules() if not list(module.children()) and list(module.parameters()))
    if not isinstance(last, nn.Linear):
        raise ValueError(f"the network ends in {last} and not in a fully connected layer")
    return last


def chosen(count: int, *, channels: int, seed: int) -> list[int]:
    """The places of the photographs whose features fit into memory, in order: all, or a seeded part."""
    most = max(_MOST // channels, 1)
    if count <= most:
        return list(range(count))
    random = torch.Generator().manual_seed(seed)
    return sorted(torch.randperm(count, generator=random)[:most].tolist())


def features(
    model: Model, batches: Iterable[Batch], *, count: int, mirror: bool, seen: Callable[[int], None]
) -> Features:
    """What the last layer of `model` reads for the photographs of `batches`, `count` in all.

    With `mirror` each is there a second time, mirrored, where there is room. `seen` is told how many more are done
    and may raise to stop.
    """
    head = last_layer(model.network)
    flips = (False, True) if mirror and 2 * count * head.in_features <= _MOST else (False,)
    values: list[Tensor] = []
    rows: list[Batch] = []
    with watched({"head": head}, lambda _, given, __: values.append(given.float().cpu())):
        for batch in batches:
            for flip in flips if len(batch) else ():
                model(batch.images.flip(3) if flip else batch.images)
                rows.append(batch)
            seen(len(batch))
    return _together(values, rows, channels=head.in_features)


def _together(values: list[Tensor], rows: list[Batch], *, channels: int) -> Features:
    names = rows[0].targets if rows else ()
    return Features(
        values=torch.cat(values) if values else torch.empty(0, channels),
        targets={name: torch.cat([batch.targets[name] for batch in rows]) for name in names},
        places=torch.cat([batch.places for batch in rows]) if rows else torch.empty(0, dtype=torch.int64),
    )


def merge(parts: Iterable[Features]) -> Features:
    """What several processes found, in the order of the photographs."""
    some = [part for part in parts if len(part.places)]
    if not some:
        raise ValueError("there are no features")
    places = torch.cat([part.places for part in some])
    order = places.argsort(stable=True)
    targets = {name: torch.cat([part.targets[name] for part in some])[order] for name in some[0].targets}
    return Features(torch.cat([part.values for part in some])[order], targets, places[order])


@torch.no_grad()
def put_head(network: nn.Module, head: Linear) -> None:
    """Give a network its last layer."""
    last = last_layer(network)
    last.weight.copy_(head.weight)
    last.bias.copy_(head.bias)
