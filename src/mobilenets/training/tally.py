"""The sums of an epoch, added up over processes without making the device wait."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mobilenets.errors import JobError
from mobilenets.training.distributed import Group
from mobilenets.training.state import Progress
from mobilenets.training.step import StepResult


class NotFiniteError(JobError):
    """A loss or a weight became NaN or infinite. The message says which and when."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What all processes do after this step."""

    stop: bool = False
    save: bool = False


@dataclass(frozen=True, slots=True)
class _Sums:
    """A step's figures on the device: loss, the watched ones in order of their names, photographs, the wishes."""

    names: list[str]
    values: Tensor
    step: int


class Tally:
    """Adds steps to a run's progress one step late, when their figures have long been computed.

    Reading a figure waits for the device; by then the next step is already under way. `settle` reads what is left.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        self._late: _Sums | None = None

    def add(self, progress: Progress, result: StepResult, wanted: Wanted) -> Wanted:
        """Take in a step and what this process wants; gives what all of them do, known to all at the same step.

        The step before is added to `progress`; raises `NotFiniteError` if its loss is not finite. Many processes do
        what one of them wanted a step ago: to know at once, they would have to wait for each other.
        """
        names = sorted(result.watched)
        sums = [result.loss, *(result.watched[name] for name in names)]
        others = torch.tensor([result.count, wanted.stop, wanted.save], dtype=torch.float64)
        values = torch.cat([torch.stack([one.double() for one in sums]), others.to(result.loss.device)])
        earlier = self.settle(progress)
        self._late = _Sums(names, self._group.total(values), progress.step)
        return earlier if self._group.many else wanted

    def settle(self, progress: Progress) -> Wanted:
        """Add what is left, before the sums are read or the state is saved; gives what was wanted at that step."""
        late, self._late = self._late, None
        if late is None:
            return Wanted()
        loss, *watched, count, stop, save = late.values.tolist()
        if not math.isfinite(loss):
            raise NotFiniteError(f"the loss is {loss} at step {late.step + 1} of epoch {progress.epoch + 1}")
        progress.loss += loss
        progress.photographs += round(count)
        for name, value in zip(late.names, watched, strict=True):
            progress.watched[name] = progress.watched.get(name, 0.0) + value
        return Wanted(stop=stop > 0, save=save > 0)
