"""How many steps a run has."""

import pytest

from mobilenets.data.loader import training_picks
from mobilenets.training.pace import Pace


@pytest.mark.parametrize(
    ("photographs", "batch", "size", "steps"), [(10, 3, 3, 3), (9, 3, 3, 3), (2, 64, 2, 1), (1, 1, 1, 1)]
)
def test_steps_are_those_that_the_loader_makes(photographs: int, batch: int, size: int, steps: int) -> None:
    pace = Pace(photographs, batch, epochs=1, seed=0)
    assert (pace.size, pace.steps) == (size, steps)
    picks = training_picks(photographs, batch=batch, seed=0, epoch=0)
    assert [len(pick.places) for pick in picks] == [size] * steps
