"""Figures of all candidates: measured, imported, estimated, and the verdicts that follow."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.deployment.latency.alone.device import Machine
from mobilenets.deployment.latency.device import Device
from mobilenets.errors import UsageError
from mobilenets.jobs.fit.budget import Budget, binding
from mobilenets.jobs.fit.candidates import Priced
from mobilenets.jobs.fit.measuring import completed, import_figures, measure_border
from mobilenets.jobs.fit.table import Table, tabulate

MACHINE = Machine("cpu", 2, None, None, "Linux", "3", "2", None, None)


def _table(grid: Sequence[Priced], budget: Budget, machine: Any) -> Table:
    known = measure_border(grid, budget, machine)
    return tabulate(grid, budget, known, completed(grid, known))


def _truth(one: Priced, budget: Budget, machine: Any) -> bool:
    figures = completed([one], measure_border([one], Budget(max_ms=1e9), machine()))[one.title]
    return binding(figures, budget) is None


@given(max_ms=st.floats(0.01, 10), max_mb=st.floats(0.05, 20))
def test_verdicts_are_those_of_measuring_everything(
    grid: list[Priced], machine: Any, max_ms: float, max_mb: float
) -> None:
    budget = Budget(max_ms=max_ms, max_mb=max_mb)
    fitting = {one.title for one in _table(grid, budget, machine()).fitting()}
    assert fitting == {one.title for one in grid if _truth(one, budget, machine)}


def test_the_frontier_is_measured_and_the_rest_mostly_not(grid: list[Priced], lawful: Any) -> None:
    table = _table(grid, Budget(max_ms=2), lawful)
    assert len(set(lawful.asked)) == len(lawful.asked) < len(grid)
    assert table.frontier()
    for one in table.frontier():
        assert table.figures[one.title]["ms"].label == "measured"
    labels = {figures["ms"].label for figures in table.figures.values()}
    assert labels == {"measured", "estimated"}


def test_what_counting_turns_away_is_not_measured(grid: list[Priced], lawful: Any) -> None:
    table = _table(grid, Budget(max_mult_adds=50), lawful)
    dear = {one.candidate for one in grid if one.mult_adds > 50e6}
    assert not dear & set(lawful.asked)
    assert set(lawful.asked) == {one.candidate for one in table.frontier()}
    assert table.binding() == {"mult_adds": len(dear)}


def test_estimates_follow_the_law_of_what_was_measured(grid: list[Priced], lawful: Any) -> None:
    table = _table(grid, Budget(max_ms=2), lawful)
    for one in grid:
        figures = table.figures[one.title]
        assert figures["ms"].value == pytest.approx(lawful.ms(one), rel=1e-6)
        assert figures["mb"].value == pytest.approx((one.weight_bytes + 1000) / 1e6)
        planned = one.weight_bytes + one.peak_activation_bytes
        assert figures["ram_mb"].value == pytest.approx((planned + 2_000_000) / 1e6)


def test_memory_that_the_system_does_not_tell_is_planned(grid: list[Priced], machine: Any) -> None:
    known = measure_border(grid[:1], Budget(max_ram_mb=1e6), machine(tells_memory=False))
    (figures,) = known.values()
    assert figures["ram_mb"].label == "estimated"
    assert figures["ram_mb"].value == (grid[0].weight_bytes + grid[0].peak_activation_bytes) / 1e6


def test_nothing_fits_and_the_nearest_says_what_would(grid: list[Priced], lawful: Any, machine: Any) -> None:
    budget = Budget(max_ms=0.001)
    table = _table(grid, budget, lawful)
    assert not table.fitting()
    one, excess, flags = table.nearest(budget)
    assert (one.title, excess.limit) == ("mobilenet_v1_0.25_96 int8", "ms")
    needed = float(flags.removeprefix("--max-ms "))
    assert _table(grid, Budget(max_ms=needed), machine()).fitting() == [one]


def _device_file(tmp_path: Path, measured: Sequence[Priced], machine: Any) -> Path:
    file = tmp_path / "phone.json"
    Device(MACHINE, tuple(machine.probed(one).measurement for one in measured)).write(file)
    return file


def test_figures_of_another_device_decide_and_are_labelled(grid: list[Priced], lawful: Any, tmp_path: Path) -> None:
    file = _device_file(tmp_path, grid[::3], lawful)
    known = import_figures(file, grid, runtime="onnx", threads=2)
    assert len(known) == len(grid[::3])
    table = tabulate(grid, Budget(max_ms=2), known, completed(grid, known))
    assert {one.title for one in table.fitting()} == {one.title for one in grid if lawful.ms(one) <= 2}
    assert {figures["ms"].label for figures in table.figures.values()} == {"imported", "estimated"}


@pytest.mark.parametrize(("runtime", "threads"), [("litert", 2), ("onnx", 4)])
def test_a_device_that_knows_too_few_candidates_is_refused(
    grid: list[Priced], lawful: Any, tmp_path: Path, runtime: str, threads: int
) -> None:
    file = _device_file(tmp_path, grid[::3], lawful)
    with pytest.raises(UsageError, match=r"has 0 of the 24 candidates .* --emit-kit"):
        import_figures(file, grid, runtime=runtime, threads=threads)
