"""The sums of an epoch: late by a step, complete in the end, and never with a loss that is not finite."""

import math

import pytest
import torch

from mobilenets.data.loader import Share
from mobilenets.training.distributed import Group
from mobilenets.training.state import Progress
from mobilenets.training.step import StepResult
from mobilenets.training.tally import NotFiniteError, Tally, Wanted

ALONE = Group(Share(), torch.device("cpu"))
NOTHING = Wanted()


class Twins(Group):
    """Two processes that do the same."""

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor * 2


TWINS = Twins(Share(rank=0, world=2), torch.device("cpu"))


def _result(loss: float, *, count: int = 4, right: float = 1.0) -> StepResult:
    return StepResult(count, torch.tensor(loss), {"top1": torch.tensor(right), "other": torch.tensor(10 * right)})


def test_a_step_is_added_when_the_next_one_comes_and_settled_at_the_end() -> None:
    tally, progress = Tally(ALONE), Progress()
    tally.add(progress, _result(8.0), NOTHING)
    assert progress == Progress()
    tally.add(progress, _result(2.0, count=2, right=2.0), NOTHING)
    assert (progress.loss, progress.photographs, progress.watched) == (8.0, 4, {"other": 10.0, "top1": 1.0})
    tally.settle(progress)
    tally.settle(progress)  # nothing is left to add
    assert (progress.loss, progress.photographs, progress.watched) == (10.0, 6, {"other": 30.0, "top1": 3.0})


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_names_its_step(loss: float) -> None:
    tally, progress = Tally(ALONE), Progress(epoch=2, step=6, loss=5.0)
    tally.add(progress, _result(loss), NOTHING)
    progress.step += 1
    with pytest.raises(NotFiniteError, match=rf"the loss is {loss} at step 7 of epoch 3"):
        tally.add(progress, _result(1.0), NOTHING)
    assert progress.loss == 5.0


def test_one_process_does_at_once_what_it_wants() -> None:
    assert Tally(ALONE).add(Progress(), _result(1.0), Wanted(stop=True)) == Wanted(stop=True)


def test_many_do_what_one_of_them_wanted_a_step_ago() -> None:
    tally, progress = Tally(TWINS), Progress()
    assert tally.add(progress, _result(1.0), Wanted(save=True)) == NOTHING
    assert tally.add(progress, _result(1.0), NOTHING) == Wanted(save=True)
    assert tally.add(progress, _result(1.0), Wanted(stop=True)) == NOTHING
    assert tally.settle(progress) == Wanted(stop=True)
    assert (progress.loss, progress.photographs) == (6.0, 24)
