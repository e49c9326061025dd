"""What is common to the libraries: a network with weights, and the ways it gets them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from mobilenets.errors import JobError, UsageError

RANDOM = "none"
"""The word for random weights in place of a file of weights."""

_SEED = 0
_CHANNELS = 3
_SHOWN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretrained:
    """A network, and how its library shows it photographs (in the words of `data.Preprocessing`).

    `classes` are the wnids of its outputs where the library knows them and they are not ImageNet's 1000.
    """

    name: str
    module: nn.Module
    outputs: int
    resolution: int
    crop: float
    squash: bool
    interpolation: Literal["bilinear", "bicubic"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    classes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def randomly(where: str, builder: Callable[[], nn.Module]) -> nn.Module:
    """What a builder builds, the same each time; the random numbers of everybody else go on as if nothing was."""
    with torch.random.fork_rng(devices=[]), fitting(where, "cannot be built"):
        torch.manual_seed(_SEED)
        return builder()


def notes_of(where: str, weights: str | None) -> tuple[str, ...]:
    """What must be said of weights that are not the published ones."""
    if weights is None:
        return ()
    return (f"{where} has {f'random weights (seed {_SEED})' if weights == RANDOM else f'the weights of {weights}'}",)


@contextlib.contextmanager
def fitting(where: str, what: str) -> Iterator[None]:
    """Whatever a library raises while a network is built or filled as one line of ours (`UsageError`)."""
    try:
        yield
    except (UsageError, JobError):
        raise
    except Exception as error:
        raise UsageError(f"{where} {what}: {summary(error)}") from error


def summary(error: Exception) -> str:
    """The first line of an error that says anything: torch lists the tensors that do not fit below a heading."""
    lines = [" ".join(line.split()) for line in str(error).splitlines() if line.strip()]
    telling = lines[1] if len(lines) > 1 and lines[0].endswith(":") else next(iter(lines), type(error).__name__)
    return telling if len(telling) <= _SHOWN else f"{telling[:_SHOWN]}..."


def three(where: str, values: Sequence[float]) -> tuple[float, float, float]:
    """A mean or std of three channels; raises `UsageError` for a network of other pictures."""
    if len(values) != _CHANNELS:
        raise UsageError(f"{where} reads {len(values)} channels and not RGB: name another network")
    red, green, blue = map(float, values)
    return red, green, blue


def interpolation(where: str, word: str) -> Literal["bilinear", "bicubic"]:
    """A library's word for how photographs are scaled; raises `UsageError` for one that is not ours."""
    if word == "bilinear":
        return "bilinear"
    if word == "bicubic":
        return "bicubic"
    raise UsageError(f"{where} wants photographs scaled by {word!r}, which is not here: bilinear and bicubic are")
