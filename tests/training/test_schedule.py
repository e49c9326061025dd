"""Learning rates by step."""

import math
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.recipes import PAPER
from mobilenets.run import Optimisation
from mobilenets.training.schedule import Schedule, fitting_decay


def _rates(
    schedule: Literal["cosine", "staircase", "constant"], *, epochs: int = 10, steps: int = 20, warmup: float = 0.0
) -> list[float]:
    settings = Optimisation(lr=0.8, schedule=schedule, warmup_epochs=warmup, decay_rate=0.5, decay_epochs=2.5)
    chosen = Schedule(settings, epochs, steps)
    return [chosen.lr(step) for step in range(epochs * steps)]


def test_warm_up_rises_in_equal_steps_to_the_highest_rate() -> None:
    rates = _rates("constant", warmup=0.2, steps=20)
    assert rates[:6] == pytest.approx([0.16, 0.32, 0.48, 0.64, 0.8, 0.8])
    assert set(rates[4:]) == {0.8}


def test_warm_up_takes_at_most_half_of_a_short_run() -> None:
    rates = _rates("cosine", warmup=3.0, epochs=2, steps=10)
    assert rates.index(max(rates)) == 10 and max(rates) == pytest.approx(0.8)
    assert rates[-1] < 0.03
    assert _rates("cosine", warmup=3.0, epochs=1, steps=1) == [0.8]


def test_cosine_falls_from_the_highest_rate_to_nothing() -> None:
    rates = _rates("cosine")
    assert rates[0] == 0.8
    assert rates[100] == pytest.approx(0.4)
    assert rates[50] == pytest.approx(0.4 * (1 + math.sqrt(0.5)))
    assert 0 < rates[-1] < 1e-4
    assert rates == sorted(rates, reverse=True)
    assert Schedule(Optimisation(lr=0.8, warmup_epochs=0), 10, 20).lr(200) == 0.0


def test_stairs() -> None:
    rates = _rates("staircase")
    assert [rates[step] for step in (0, 49, 50, 99, 100, 149, 150, 199)] == pytest.approx(
        [0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1]
    )


def test_the_paper_s_stairs() -> None:
    chosen = Schedule(PAPER, 100, 1000)
    assert chosen.lr(0) == 0.045
    assert chosen.lr(1999) == 0.045
    assert chosen.lr(2000) == pytest.approx(0.045 * 0.94)
    assert chosen.lr(99_999) == pytest.approx(0.045 * 0.94**49)


@given(
    schedule=st.sampled_from(["cosine", "staircase", "constant"]),
    lr=st.floats(1e-9, 100.0),
    warmup=st.floats(0.0, 50.0),
    decay_rate=st.floats(1e-3, 1.0),
    decay_epochs=st.floats(1e-3, 50.0),
    epochs=st.integers(1, 40),
    steps=st.integers(1, 500),
    data=st.data(),
)
def test_never_under_nothing_nor_over_the_highest(
    schedule: Literal["cosine", "staircase", "constant"],
    lr: float,
    warmup: float,
    decay_rate: float,
    decay_epochs: float,
    epochs: int,
    steps: int,
    data: st.DataObject,
) -> None:
    settings = Optimisation(
        lr=lr, schedule=schedule, warmup_epochs=warmup, decay_rate=decay_rate, decay_epochs=decay_epochs
    )
    chosen = Schedule(settings, epochs, steps)
    step = data.draw(st.integers(0, epochs * steps - 1))
    assert 0 <= chosen.lr(step) <= lr
    # Every run learns something in its first step, and uses its highest rate at some step unless stairs came first.
    assert chosen.lr(0) > 0
    if schedule != "staircase":
        assert max(chosen.lr(step) for step in range(epochs * steps // 2 + 1)) == pytest.approx(lr)


def test_a_long_run_has_the_published_decay() -> None:
    assert fitting_decay(0.9999, steps=1_000_000) == 0.9999
    assert fitting_decay(0.9997, steps=133_334) == 0.9997


def test_a_short_run_remembers_a_fortieth_of_itself() -> None:
    assert fitting_decay(0.9999, steps=1000) == pytest.approx(0.96)
    assert fitting_decay(0.5, steps=1000) == 0.5
    assert fitting_decay(0.0, steps=5) == 0.0


@given(decay=st.floats(0.0, 0.999999), steps=st.integers(0, 10**7))
def test_a_fitting_decay_forgets_the_random_start(decay: float, steps: int) -> None:
    fitting = fitting_decay(decay, steps=steps)
    assert 0 <= fitting <= decay
    if steps >= 50:
        assert fitting**steps < 1e-4


def test_averages_forget_the_start_and_then_move_as_slowly_as_asked() -> None:
    chosen = Schedule(Optimisation(norm_decay=0.99, ema=0.999), 100, 1000)
    momenta = [chosen.rates(step).norm_momentum for step in range(200)]
    assert momenta[:16] == [0.25] * 16
    assert momenta[16:128] == [1 / 32] * 112
    assert momenta[128] == pytest.approx(0.01)
    assert math.prod(1 - momentum for momentum in momenta) < 1e-3, (
        "the unit variance that batch norm starts from is gone"
    )
    assert chosen.rates(0).average_decay == 0.1
    assert chosen.rates(90).average_decay == 0.91
    assert chosen.rates(50_000).average_decay == 0.999
    assert chosen.rates(3).lr == chosen.lr(3)


def test_an_average_of_nothing_stays_one() -> None:
    assert Schedule(Optimisation(ema=0.0), 10, 10).rates(50).average_decay == 0.0
