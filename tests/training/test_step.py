"""One step of learning: every photograph weighs the same, in parts, in processes, at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mobilenets.data.examples import Batch
from mobilenets.data.loader import Share
from mobilenets.data.preprocess import Preprocessing
from mobilenets.network.stages import Stages
from mobilenets.tasks.classify import Classify
from mobilenets.training.average import Average
from mobilenets.training.distributed import Group
from mobilenets.training.schedule import Rates
from mobilenets.training.state import Learner
from mobilenets.training.step import Stepper, StepResult

CPU = torch.device("cpu")
RATES = Rates(lr=0.5, norm_momentum=0.25, average_decay=0.75)


class Plain(nn.Module):
    """A network whose answer for one photograph does not depend on the others."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.norm = nn.BatchNorm2d(3)
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(images.detach().clone())
        return self.linear(images.mean((-2, -1)))


def _stepper(*, accumulate: int = 1, clip: float = 0.0, world: int = 1) -> Stepper:
    torch.manual_seed(0)
    network = Plain()
    return Stepper(
        learner=Learner(network, Average(network), torch.optim.SGD(network.parameters(), lr=99.0)),
        forward=network,
        task=Classify(("a", "b")),
        preprocessing=Preprocessing(resolution=4),
        group=Group(Share(0, world), CPU),
        precision=torch.float32,
        accumulate=accumulate,
        clip=clip,
    )


def _batch(*rows: int, **colours: Any) -> Batch:
    images = torch.randint(0, 256, (8, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 1, 1, 0, 1, 0, 1])
    chosen = torch.tensor(rows or range(8))
    return Batch(images[chosen], {"label": labels[chosen]}, chosen, **colours)


def _weights(stepper: Stepper) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in stepper.learner.network.parameters()])


def _change(stepper: Stepper, batch: Batch, *, whole: int) -> Tensor:
    before = _weights(stepper)
    stepper.step(batch, rates=RATES, whole=whole)
    return _weights(stepper) - before


def test_a_step_follows_the_slope_of_the_mean_loss() -> None:
    stepper, batch = _stepper(), _batch()
    network, images = stepper.learner.network, batch.images.float() / 127.5 - 1
    stepper.task.loss(network(images), batch).backward()
    expected = torch.cat([-RATES.lr * one.grad.flatten() for one in network.parameters() if one.grad is not None])
    network.zero_grad()
    torch.testing.assert_close(_change(stepper, batch, whole=8)[: len(expected)], expected)


@pytest.mark.parametrize("frozen", [False, True])
def test_batch_norm_trains_unless_its_statistics_stay(frozen: bool) -> None:
    stepper = replace(_stepper(), freeze_norm=frozen)
    network = stepper.learner.network.eval()
    stepper.train()
    assert network.training
    assert network.norm.training is not frozen
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("parts", [2, 3, 8])
def test_parts_of_any_size_are_one_batch(parts: int) -> None:
    whole, cut = _stepper(), _stepper(accumulate=parts)
    one, other = (stepper.step(_batch(), rates=RATES, whole=8) for stepper in (whole, cut))
    torch.testing.assert_close(_weights(cut), _weights(whole))
    assert (one.count, other.count) == (8, 8)
    torch.testing.assert_close(other.loss, one.loss)
    assert other.watched["top1"] == one.watched["top1"]
    network = cut.learner.network
    assert isinstance(network, Plain)
    assert len(network.seen) == parts


def test_shares_of_processes_average_to_the_whole() -> None:
    whole = _change(_stepper(), _batch(), whole=8)
    shares = [_change(_stepper(world=2), _batch(*rows), whole=8) for rows in ((0, 2, 4), (1, 3, 5, 6, 7))]
    torch.testing.assert_close(torch.stack(shares).mean(0), whole)


def test_the_figures_are_sums_over_photographs() -> None:
    result: StepResult = _stepper().step(_batch(0, 1, 2), rates=RATES, whole=3)
    stepper, batch = _stepper(), _batch(0, 1, 2)
    outputs = stepper.learner.network(batch.images.float() / 127.5 - 1)
    torch.testing.assert_close(result.loss, 3 * stepper.task.loss(outputs, batch).detach())
    assert result.watched["top1"] == stepper.task.watch(outputs, batch)["top1"]


@pytest.mark.parametrize("accumulate", [1, 4])
def test_the_gradient_of_the_whole_step_is_clipped(accumulate: int) -> None:
    free = _change(_stepper(accumulate=accumulate), _batch(), whole=8)
    limit = float(free.norm()) / RATES.lr / 4
    clipped = _change(_stepper(accumulate=accumulate, clip=limit), _batch(), whole=8)
    torch.testing.assert_close(clipped, free / 4, rtol=1e-4, atol=1e-6)


def test_every_rate_of_the_step_is_used() -> None:
    stepper = _stepper()
    before = _weights(stepper)
    stepper.step(_batch(), rates=RATES, whole=8)
    averaged = torch.cat([one.flatten() for one in stepper.learner.average.network.parameters()])
    torch.testing.assert_close(averaged, 0.75 * before + 0.25 * _weights(stepper))
    network = stepper.learner.network
    assert isinstance(network, Plain)
    assert network.norm.momentum == RATES.norm_momentum
    assert stepper.learner.optimiser.param_groups[0]["lr"] == RATES.lr


def test_no_gradient_is_left_for_the_next_step() -> None:
    stepper = _stepper()
    stepper.step(_batch(), rates=RATES, whole=8)
    assert all(parameter.grad is None for parameter in stepper.learner.network.parameters())


def _seen(stepper: Stepper, batch: Batch) -> Tensor:
    stepper.step(batch, rates=RATES, whole=len(batch))
    network = stepper.learner.network
    assert isinstance(network, Plain)
    return network.seen[0]


def test_the_network_sees_scaled_photographs_channels_last() -> None:
    seen = _seen(_stepper(), _batch())
    torch.testing.assert_close(seen, _batch().images.float() / 127.5 - 1)
    assert seen.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("brightness", "saturation", "expected"),
    [
        (0.0, 1.0, lambda images: images),
        (10.0, 1.0, lambda images: (images + 10).clamp(0, 255)),
        (
            0.0,
            0.0,
            lambda images: (
                (images * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, True).expand(-1, 3, -1, -1)
            ),
        ),
    ],
)
def test_colours_change_on_the_way(brightness: float, saturation: float, expected: Callable[[Tensor], Tensor]) -> None:
    batch = _batch(brightness=torch.full((8,), brightness), saturation=torch.full((8,), saturation))
    torch.testing.assert_close(_seen(_stepper(), batch), expected(batch.images.float()) / 127.5 - 1)


class Staged(Plain):
    """A network that is told something while it learns."""

    def forward(self, images: Tensor, guide: Mapping[str, Tensor] | None = None) -> Any:
        said = super().forward(images)
        return said if guide is None else Stages(first=guide["extra"][:, None] * said, second=said)


@dataclass(frozen=True)
class Guiding(Classify):
    """Its network is told the labels, or nothing."""

    tells: bool = True

    def guide(self, batch: Batch) -> Mapping[str, Tensor]:
        return {"extra": batch.targets["label"]} if self.tells else {}

    def guided_loss(self, outputs: Stages, batch: Batch) -> Tensor:
        return self.loss(outputs.second, batch) + outputs.first.square().mean()


def _guided(*, tells: bool, accumulate: int = 1) -> Stepper:
    torch.manual_seed(0)
    network = Staged()
    learner = Learner(network, Average(network), torch.optim.SGD(network.parameters(), lr=99.0))
    task = Guiding(("a", "b"), tells=tells)
    return replace(_stepper(accumulate=accumulate), learner=learner, forward=network, task=task)


@pytest.mark.parametrize("parts", [1, 4])
def test_a_task_may_guide_its_network_while_it_learns(parts: int) -> None:
    stepper, batch = _guided(tells=True), _batch()
    assert isinstance(stepper.task, Guiding)
    network, images = stepper.learner.network, batch.images.float() / 127.5 - 1
    loss = stepper.task.guided_loss(network(images, stepper.task.guide(batch)), batch)
    result = _guided(tells=True, accumulate=parts).step(batch, rates=RATES, whole=8)
    torch.testing.assert_close(result.loss, 8 * loss.detach())
    assert result.watched["top1"] == stepper.task.watch(network(images).detach(), batch)["top1"]


def test_a_task_that_tells_nothing_learns_as_any_other() -> None:
    plain = _stepper()
    plain.step(_batch(), rates=RATES, whole=8)
    silent = _guided(tells=False)
    silent.step(_batch(), rates=RATES, whole=8)
    assert torch.equal(_weights(silent), _weights(plain))
