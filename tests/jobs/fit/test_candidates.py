"""Candidates: exact prices, resolutions that suit the photographs."""

import numpy as np
import pytest

from mobilenets.architecture.cost import cost
from mobilenets.architecture.names import network
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.errors import UsageError
from mobilenets.jobs.fit.candidates import RESOLUTIONS, Bases, priced, usual_resolutions
from mobilenets.run import Architecture
from mobilenets.tasks.classify import Classify

TASK = Classify(("ant", "bee", "cat"))


def _collection(*sides: int) -> Collection:
    photos = [ArrayPhoto(f"{place}.png", np.zeros((side, 2 * side, 3), np.uint8)) for place, side in enumerate(sides)]
    return Collection(name="photographs", examples=tuple(Example(photo, "ant") for photo in photos))


def test_prices_are_those_of_the_network_itself() -> None:
    every = priced(Bases({}), TASK, widths=(0.5, 1.0), resolutions=(128, 144), precisions=("float32", "int8"))
    assert len(every) == 8
    for one in every:
        total = cost(network(f"mobilenet_v1_{float(one.candidate.width)!r}_{one.candidate.resolution}", classes=3))
        assert (one.mult_adds, one.params) == (total.mult_adds, total.params)
        assert one.weight_bytes == total.weight_bytes[one.candidate.precision]
    assert [one.mult_adds for one in every] == sorted(one.mult_adds for one in every)
    assert {one.title for one in every} >= {"mobilenet_v1_0.5_144", "mobilenet_v1_0.5_144 int8"}


def test_a_width_with_weights_is_built_as_they_were() -> None:
    bases = Bases({0.25: Architecture(width=0.25, padding="symmetric", activation="leaky_relu")})
    quarter, half = priced(bases, TASK, widths=(0.25, 0.5), resolutions=(96,), precisions=("float32",))
    assert (quarter.architecture.padding, quarter.architecture.activation) == ("symmetric", "leaky_relu")
    assert half.architecture == Architecture(width=0.5, resolution=96)


@pytest.mark.parametrize(
    ("sides", "expected"),
    [((8, 8, 8), (32, 48, 64)), ((64,), (32, 48, 64)), ((250, 256), RESOLUTIONS[3:]), ((3000,), RESOLUTIONS[3:])],
)
def test_resolutions_suit_the_photographs(sides: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert usual_resolutions(_collection(*sides)) == expected


def test_a_task_may_be_shown_other_resolutions() -> None:
    assert usual_resolutions(_collection(480), among=(64, 128, 300)) == (128, 300)


def test_photographs_that_cannot_be_read_say_nothing() -> None:
    class Broken(ArrayPhoto):
        def read(self) -> bytes:
            return b"no image"

    examples = (Example(Broken("broken.png", np.zeros((1, 1), np.uint8)), "ant"),)
    with pytest.raises(UsageError, match="name --resolutions"):
        usual_resolutions(Collection(name="broken", examples=examples))


def test_dials_outside_their_limits_are_refused() -> None:
    with pytest.raises(UsageError, match="width 3 "):
        priced(Bases({}), TASK, widths=(3.0,), resolutions=(96,), precisions=("float32",))
