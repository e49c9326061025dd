"""Tensors by name with the shapes they must have, each taken once, so that what is left over is seen."""

import re
from dataclasses import dataclass, field

import numpy as np

from mobilenets.errors import UsageError
from mobilenets.weights.found import Array, Kernel, Norm
from mobilenets.weights.wording import printable

COUNTER = "num_batches_tracked"  # of batch norm in training; it changes nothing


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key to sort names by, with numbers in them as numbers: `stage.2` before `stage.10`."""
    parts = re.split(r"(\d{1,18})", name, flags=re.ASCII)
    return tuple((0, int(part), "") if place % 2 else (1, 0, part) for place, part in enumerate(parts))


@dataclass(slots=True)
class Tensors:
    """The tensors of a file; `where` names it in messages. Raises `UsageError` for names that nobody gives."""

    values: dict[str, Array]
    where: str
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in self.values:
            if printable(name) != name:
                raise UsageError(f"{self.where} has a tensor called {printable(name)!r}: it is not whole")

    def kernel(self, prefix: str, *, dense: bool = False, norm: Norm | None = None) -> Kernel:
        """The convolution or fully connected layer of `PREFIX.weight`, with its bias if it has one.

        One that reads a single channel is depthwise, unless it is `dense`, as the first of a network is.
        """
        values = self._take(f"{prefix}.weight")
        if values.ndim == 2:  # noqa: PLR2004
            values = values[:, :, None, None]
        if values.ndim != 4 or not values.size:  # noqa: PLR2004
            raise UsageError(f"{self.where}: {prefix}.weight of shape {values.shape} is no kernel of a convolution")
        channels = len(values)
        bias = self.channels(f"{prefix}.bias", channels) if f"{prefix}.bias" in self.values else None
        if norm is not None and len(norm.mean) != channels:
            raise UsageError(f"{self.where}: {prefix}.weight has {channels} outputs, its batch norm {len(norm.mean)}")
        depthwise = values.shape[1] == 1 and values.shape[2:] != (1, 1) and not dense
        return Kernel(f"{prefix}.weight", values, groups=channels if depthwise else 1, bias=bias, norm=norm)

    def norm(self, prefix: str, *, epsilon: float) -> Norm:
        """The batch norm at `prefix`; scale 1 and shift 0 where it has none."""
        mean = self._take(f"{prefix}.running_mean")
        if mean.ndim != 1:
            raise UsageError(f"{self.where}: {prefix}.running_mean of shape {mean.shape} is no batch norm's")
        channels = len(mean)
        affine = {
            name: self.channels(f"{prefix}.{name}", channels) if f"{prefix}.{name}" in self.values else usual
            for name, usual in (("weight", np.ones_like(mean)), ("bias", np.zeros_like(mean)))
        }
        variance = self.channels(f"{prefix}.running_var", channels)
        return Norm(affine["weight"], affine["bias"], mean, variance, epsilon)

    def check_nothing_left(self) -> None:
        """Raise `UsageError` for a tensor that nothing took: the network has a part that ours lacks."""
        left = [name for name in self.values if name not in self._taken and not name.endswith(COUNTER)]
        if left:
            shape = " x ".join(map(str, self.values[left[0]].shape)) or "a single number"
            more = f" and {len(left) - 1} others" if len(left) > 1 else ""
            raise UsageError(
                f"{self.where}: {left[0]} ({shape}){more} is neither kernel nor bias nor batch norm of a MobileNet V1"
            )

    def channels(self, name: str, channels: int) -> Array:
        """A number for each of so many channels."""
        values = self._take(name)
        if values.shape != (channels,):
            raise UsageError(f"{self.where}: {name} has the shape {values.shape} in place of ({channels},)")
        return values

    def _take(self, name: str) -> Array:
        if name not in self.values:
            raise UsageError(f"{self.where} has no tensor {name}: it is another network or not whole")
        self._taken.add(name)
        return self.values[name]
