"""`mobilenets.show_weights`: what a file of weights holds."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mobilenets.architecture.cost import cost
from mobilenets.architecture.layer import Layer
from mobilenets.data.preprocess import Preprocessing
from mobilenets.jobs.weights.opened import Opened, open_weights
from mobilenets.network.graph import module_paths
from mobilenets.run import Architecture
from mobilenets.weights.fitting import Asked
from mobilenets.weights.hub import sha256_of
from mobilenets.weights.published import Figure
from mobilenets.weights.source import AS_IT_IS


@dataclass(frozen=True, slots=True)
class ShownKernel:
    """One convolution or fully connected layer, (out, in / groups, height, width), and how far its weights go."""

    layer: str
    shape: tuple[int, ...]
    groups: int
    bias: bool
    norm: bool
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Shown:
    """What a file of weights holds, and the network that it is. `figures` are the publisher's, if any."""

    file: Path
    size: int
    sha256: str
    form: str
    network: str
    task: str
    classes: tuple[str, ...] | None
    architecture: Architecture
    preprocessing: Preprocessing
    mult_adds: int
    params: int
    licence: str | None
    figures: tuple[Figure, ...]
    source: str
    notes: tuple[str, ...]
    kernels: tuple[ShownKernel, ...]


def show_weights(source: str | Path, *, asked: Asked = AS_IT_IS, console: Console | None = None) -> Shown:
    """Say what published weights (fetched if need be), a file, a folder of others or a checkpoint of ours hold.

    Raises `UsageError` for a file that is none of our networks and `JobError` where weights cannot be fetched.
    """
    opened = open_weights(str(source), asked=asked, console=console)
    price = cost(opened.fitted.layers)
    return Shown(
        file=opened.file,
        size=opened.file.stat().st_size,
        sha256=sha256_of(opened.file),
        form=opened.fitted.form,
        network=opened.fitted.name,
        task=opened.task.name,
        classes=opened.classes,
        architecture=opened.description.architecture,
        preprocessing=opened.description.preprocessing,
        mult_adds=price.mult_adds,
        params=price.params,
        licence=opened.published.licence if opened.published else None,
        figures=opened.published.figures if opened.published else (),
        source=opened.description.source,
        notes=opened.fitted.notes,
        kernels=_kernels(opened),
    )


def _kernels(opened: Opened) -> tuple[ShownKernel, ...]:
    paths = module_paths(opened.fitted.layers)
    return tuple(_kernel(layer, opened, paths[layer.name]) for layer in opened.fitted.layers if layer.weights)


def _kernel(layer: Layer, opened: Opened, path: str) -> ShownKernel:
    weight = opened.fitted.state[f"{path}.{'linear' if layer.op == 'linear' else 'conv'}.weight"]
    return ShownKernel(
        layer=layer.name,
        shape=tuple(weight.shape),
        groups=layer.groups,
        bias=layer.bias,
        norm=layer.norm,
        low=float(weight.min()),
        high=float(weight.max()),
    )
