"""One step of learning: forward, loss, backward, update."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mobilenets.data.examples import Batch
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.tasks.parts import Guides
from mobilenets.tasks.protocol import Task
from mobilenets.training.distributed import Group
from mobilenets.training.schedule import Rates
from mobilenets.training.state import Learner


@dataclass(frozen=True, slots=True)
class StepResult:
    """Sums over this process's photographs of a step, on the device."""

    count: int
    loss: Tensor
    watched: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Stepper:
    """Performs steps. `forward` is the network, compiled or spread over processes if the run asks for it."""

    learner: Learner
    forward: nn.Module
    task: Task
    preprocessing: Preprocessing
    group: Group
    precision: torch.dtype
    accumulate: int
    clip: float
    freeze_norm: bool = False

    def train(self) -> None:
        """Put the network into training, batch norm too unless its statistics stay."""
        self.forward.train()
        if self.freeze_norm:
            for norm in self._norms():
                norm.eval()

    def step(self, batch: Batch, *, rates: Rates, whole: int) -> StepResult:
        """Learn from this process's part of a batch of `whole` photographs."""
        for settings in self.learner.optimiser.param_groups:
            settings["lr"] = rates.lr
        for norm in self._norms():
            norm.momentum = rates.norm_momentum
        parts = batch.parts(self.accumulate)
        results = [self._part(part, whole=whole, last=number == len(parts) - 1) for number, part in enumerate(parts)]
        if self.clip:
            nn.utils.clip_grad_norm_(self.learner.network.parameters(), self.clip)
        self.learner.optimiser.step()
        self.learner.optimiser.zero_grad(set_to_none=True)
        self.learner.average.update(decay=rates.average_decay)
        return _sum(results)

    def _norms(self) -> Iterator[nn.BatchNorm2d | nn.SyncBatchNorm]:
        for module in self.learner.network.modules():
            if isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm):
                yield module

    def _part(self, part: Batch, *, whole: int, last: bool) -> StepResult:
        waits = isinstance(self.forward, DistributedDataParallel) and not last
        with self.forward.no_sync() if waits else nullcontext():  # type: ignore[operator]
            with torch.autocast(self.group.device.type, self.precision, enabled=self.precision != torch.float32):
                outputs, loss = self._answered(part)
            # Processes average their gradients, so each weighs its photographs by their share of the whole batch.
            torch.autograd.backward(loss * (len(part) * self.group.share.world / whole))
        with torch.no_grad():
            return StepResult(len(part), loss.detach() * len(part), self.task.watch(outputs.detach(), part))

    def _answered(self, part: Batch) -> tuple[Tensor, Tensor]:
        """The outputs that are watched, and the loss."""
        images = self._input(part)
        if isinstance(self.task, Guides) and (guide := self.task.guide(part)):
            stages = self.forward(images, guide)
            return stages.second, self.task.guided_loss(stages, part)
        outputs = self.forward(images)
        return outputs, self.task.loss(outputs, part)

    def _input(self, batch: Batch) -> Tensor:
        return scale(batch.coloured(), self.preprocessing).contiguous(memory_format=torch.channels_last)


def _sum(results: Iterable[StepResult]) -> StepResult:
    first, *rest = results
    for result in rest:
        watched = {name: value + result.watched[name] for name, value in first.watched.items()}
        first = StepResult(first.count + result.count, first.loss + result.loss, watched)
    return first
