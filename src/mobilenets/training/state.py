"""Everything a run needs to continue to the same bits: weights, average, optimiser, place, curves."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mobilenets.checkpoint import RUN, STATE, load_weights, read_tensors, write_tensors
from mobilenets.errors import UsageError
from mobilenets.training.average import Average

_NETWORK, _AVERAGE, _KEPT, _OPTIMISER = "network/", "average/", "kept/", "optimiser/"


@dataclass(slots=True)
class Progress:
    """Where a run stands: whole epochs done, steps done in the epoch under way, and what was summed up in it.

    `missing` are photographs found unreadable on the way; `data` names the content the run learns from;
    `notes` tell what was assumed and done before the first step.
    """

    epoch: int = 0
    step: int = 0
    photographs: int = 0
    loss: float = 0.0
    watched: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    missing: dict[str, str] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    data: str = ""
    notes: list[str] = field(default_factory=list)

    def begin_epoch(self) -> None:
        """Count the epoch as done and start the next one's sums."""
        self.epoch += 1
        self.step = self.photographs = 0
        self.loss = self.seconds = 0.0
        self.watched = {}


@dataclass(frozen=True, slots=True)
class Learner:
    """What changes while learning. `kept` holds the weights of the best epoch so far, where these are to ship."""

    network: nn.Module
    average: Average
    optimiser: Optimizer
    kept: nn.Module | None = None

    def is_finite(self) -> bool:
        """Whether every weight and every running statistic is a finite number."""
        floats = [tensor for tensor in self.network.state_dict().values() if tensor.is_floating_point()]
        return bool(torch.stack([tensor.isfinite().all() for tensor in floats]).all())


def save_state(folder: Path, learner: Learner, progress: Progress) -> None:
    """Write `state/latest.safetensors`, whole or not at all."""
    tensors, plain = _flatten(learner.optimiser)
    tensors |= {_NETWORK + name: value for name, value in learner.network.state_dict().items()}
    tensors |= {_AVERAGE + name: value for name, value in learner.average.network.state_dict().items()}
    if learner.kept is not None:
        tensors |= {_KEPT + name: value for name, value in learner.kept.state_dict().items()}
    facts = {"progress": asdict(progress), "optimiser": plain, "optimiser_kind": _kind(learner.optimiser)}
    write_tensors(folder / STATE, tensors, facts)


def restore_state(folder: Path, learner: Learner) -> Progress:
    """Bring a learner back to the saved place; raises `UsageError` where the file is missing, damaged or another's."""
    file = folder / STATE
    saved = read_tensors(file)
    load_weights(learner.network, _part(saved.tensors, _NETWORK), where=file)
    load_weights(learner.average.network, _part(saved.tensors, _AVERAGE), where=file)
    if learner.kept is not None:
        load_weights(learner.kept, _part(saved.tensors, _KEPT), where=file)
    kind = saved.facts.get("optimiser_kind")
    if kind != _kind(learner.optimiser):
        raise UsageError(f"{file} was saved with {kind}, {RUN} asks for {_kind(learner.optimiser)}: put {RUN} back")
    try:
        _restore_optimiser(learner.optimiser, _part(saved.tensors, _OPTIMISER), saved.facts["optimiser"])
        return Progress(**saved.facts["progress"])
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{file} is damaged ({error}): start again with --overwrite") from error


def _kind(optimiser: Optimizer) -> str:
    return type(optimiser).__name__


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def _flatten(optimiser: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The optimiser's state as tensors by "optimiser/parameter/name" and plain numbers by "parameter/name"."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for parameter, state in optimiser.state_dict()["state"].items():
        for name, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"{_OPTIMISER}{parameter}/{name}"] = value
            elif value is not None:
                plain[f"{parameter}/{name}"] = value
    return tensors, plain


def _restore_optimiser(optimiser: Optimizer, tensors: dict[str, Tensor], plain: dict[str, Any]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**tensors, **plain}.items():
        parameter, name = key.split("/", 1)
        state.setdefault(int(parameter), {})[name] = value
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for number, values in state.items():
        state[number] = {name: _laid_out(value, parameters[number]) for name, value in values.items()}
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _laid_out(value: Any, parameter: Tensor) -> Any:
    """A tensor in memory as its parameter is (channels last): fused steps walk through both side by side."""
    if isinstance(value, Tensor) and value.shape == parameter.shape:
        return torch.empty_like(parameter).copy_(value)
    return value
