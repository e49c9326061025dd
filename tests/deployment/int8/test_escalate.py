"""The cheapest way that is good enough is taken, and no other is tried after it."""

import math
from collections.abc import Iterator

import pytest

from mobilenets.deployment.int8.escalate import Attempt, Made, escalate
from mobilenets.deployment.int8.protocol import Operators, QuantisedFile, check_all_int8
from mobilenets.deployment.int8.report import Step
from mobilenets.errors import JobError


def _attempts(scores: dict[str, float], tried: list[str]) -> Iterator[Attempt]:
    def make(name: str) -> Made:
        tried.append(name)
        return Made(QuantisedFile({"by": name}, Operators(3, 3)), scores[name])

    for name in scores:
        yield Attempt(name, lambda name=name: make(name))  # type: ignore[misc]


def test_it_stops_at_the_first_that_is_good_enough() -> None:
    tried: list[str] = []
    told: list[Step] = []
    found = escalate(
        _attempts({"one": 0.5, "two": 0.695, "three": 0.71}, tried),
        reference=0.7,
        max_drop=1.0,
        metric="top1",
        tell=told.append,
    )
    assert tried == ["one", "two"]
    assert found.file.details == {"by": "two"}
    assert [(step.name, step.score, round(step.drop, 6)) for step in found.steps] == [
        ("one", 0.5, 20.0),
        ("two", 0.695, 0.5),
    ]
    assert tuple(told) == found.steps


def test_a_file_better_than_the_float_one_has_lost_less_than_nothing() -> None:
    found = escalate(_attempts({"one": 0.8}, []), reference=0.7, max_drop=0.0, metric="top1")
    assert found.steps[0].drop == pytest.approx(-10)


@pytest.mark.parametrize("worst", [0.1, math.nan])
def test_it_refuses_with_the_figures_of_every_step(worst: float) -> None:
    tried: list[str] = []
    with pytest.raises(JobError) as refused:
        escalate(_attempts({"one": worst, "two": 0.6}, tried), reference=0.7, max_drop=2.5, metric="top1")
    assert tried == ["one", "two"]
    assert str(refused.value) == (
        f"no int8 file keeps within 2.5 points of the float file's top1 0.7000: one {worst:.4f} "
        f"(-{100 * (0.7 - worst):.2f}); two 0.6000 (-10.00); allow a larger --max-drop, give more photographs or train "
        "longer (--qat-minutes)"
    )


@pytest.mark.parametrize(
    ("operators", "says"),
    [
        (Operators(3, 2, ("conv_1",)), r"2 of 3 convolutions .* \(still float: conv_1\)"),
        (Operators(0, 0), "0 of 0 convolutions .*all of them"),
    ],
)
def test_a_file_with_float_convolutions_is_not_called_int8(operators: Operators, says: str) -> None:
    check_all_int8(Operators(3, 3), file="model.onnx")
    with pytest.raises(JobError, match=says):
        check_all_int8(operators, file="model.onnx")
