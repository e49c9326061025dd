"""The sums of an epoch, added up over processes without making the device wait."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mobilenets.errors import JobError
from mobilenets.run import Optimisation
from mobilenets.training.distributed import Group
from mobilenets.training.state import Progress
from mobilenets.training.step import StepResult


@dataclass(frozen=True, slots=True)
class Wanted:
    """What all processes do after this step."""

    stop: bool
    save: bool


@dataclass(frozen=True, slots=True)
class _Sums:
    """A step's figures on the device: loss, the watched ones in order of their names, photographs."""

    names: list[str]
    values: Tensor
    step: int


class Tally:
    """Adds steps to a run's progress one step late, when their figures have long been computed.

    Reading a figure waits for the device; by then the next step is already under way. `settle` reads what is left.
    """

    def __init__(self, group: Group, settings: Optimisation) -> None:
        self._group = group
        self._settings = settings
        self._late: _Sums | None = None

    def add(self, progress: Progress, result: StepResult) -> None:
        """Take in a step; the one before it is added to `progress`. Raises `JobError` if its loss is not finite."""
        names = sorted(result.watched)
        sums = [result.loss, *(result.watched[name] for name in names)]
        count = torch.tensor(float(result.count), device=result.loss.device)
        values = torch.stack([one.double() for one in (*sums, count)])
        self.settle(progress)
        self._late = _Sums(names, self._group.total(values), progress.step)

    def settle(self, progress: Progress) -> None:
        """Add what is left, before the sums are read or the state is saved."""
        late, self._late = self._late, None
        if late is None:
            return
        loss, *watched, count = late.values.tolist()
        if not math.isfinite(loss):
            raise JobError(
                f"the loss is {loss} at step {late.step + 1} of epoch {progress.epoch + 1}: the run stops and the last "
                f"saved state is kept; start again with a smaller --lr than {self._settings.lr:g} or with --clip 1"
            )
        progress.loss += loss
        progress.photographs += round(count)
        for name, value in zip(late.names, watched, strict=True):
            progress.watched[name] = progress.watched.get(name, 0.0) + value

    def raised(self, *, stop: bool, save: bool) -> Wanted:
        """What any process asks for, known to all of them at the same step."""
        if not self._group.many:
            return Wanted(stop, save)
        asked = self._group.total(torch.tensor([float(stop), float(save)], device=self._group.device))
        return Wanted(*(value > 0 for value in asked.tolist()))
