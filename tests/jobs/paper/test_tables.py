"""The paper's tables: what comes out as printed, what does not, and that the explanations are true."""

from decimal import Decimal

import pytest

from mobilenets.architecture import names
from mobilenets.architecture.layer import Layer
from mobilenets.jobs.paper.entry import Table, number
from mobilenets.jobs.paper.tables import TABLES

_DIFFER = {
    (1, "separable_13/depthwise", "type"),
    (2, "Conv 3x3", "mult_adds"),
    (4, "Conv MobileNet", "mult_adds"),
    (7, "1.0 MobileNet-160", "mult_adds"),
    (8, "GoogleNet", "mult_adds"),
    (8, "GoogleNet", "params"),
    (8, "VGG 16", "mult_adds"),
    (9, "0.50 MobileNet-160", "mult_adds"),
    (9, "0.50 MobileNet-160", "params"),
    (9, "Squeezenet", "mult_adds"),
    (9, "AlexNet", "params"),
}


@pytest.fixture(scope="module")
def tables() -> dict[int, Table]:
    return {table.number: table for table in (make() for make in TABLES)}


def _layers(name: str) -> tuple[Layer, ...]:
    return names.network(name)


def _convolutions(name: str) -> Decimal:
    return Decimal(sum(layer.mult_adds for layer in _layers(name) if layer.op == "conv")) / 10**6


def test_tables_1_to_9_stand_in_order(tables: dict[int, Table]) -> None:
    assert list(tables) == list(range(1, 10))
    assert [len(table.rows) for table in tables.values()] == [30, 4, 4, 2, 2, 4, 4, 3, 3]


def test_what_differs_is_what_is_known_to_differ(tables: dict[int, Table]) -> None:
    differ = {
        (table.number, row.label, column.key)
        for table in tables.values()
        for row in table.rows
        for column, entry in zip(table.columns, row.entries, strict=True)
        if entry.counted is not None and not entry.agrees
    }
    assert differ == _DIFFER


def test_all_that_differs_is_explained_and_nothing_else(tables: dict[int, Table]) -> None:
    for entry in (entry for table in tables.values() for entry in table.entries):
        assert bool(entry.explanation) != entry.agrees


def test_accuracies_are_quoted(tables: dict[int, Table]) -> None:
    for place in range(4, 10):
        assert all(row.entries[0].counted is None for row in tables[place].rows)


def test_a_printed_convolution_share_has_two_digits_swapped(tables: dict[int, Table]) -> None:
    printed = [Decimal(row.entries[0].published) for row in tables[2].rows]
    assert sum(printed) != 100
    assert abs(sum(printed) + Decimal("1.91") - Decimal("1.19") - 100) <= Decimal("0.02")


def test_conv_mobilenet_is_printed_without_its_classifier() -> None:
    assert number("4866", _convolutions("conv_mobilenet_v1_1.0_224")).agrees


def test_vgg_is_printed_without_its_fully_connected_layers() -> None:
    assert number("15300", _convolutions("vgg16"), step=100).agrees


def test_squeezenet_is_printed_at_two_operations_a_mult_add(tables: dict[int, Table]) -> None:
    counted = tables[9].rows[1].entries[1].counted
    assert isinstance(counted, Decimal)
    assert number("1700", 2 * counted, step=100).agrees
    assert "10.9 times" in tables[9].note


def test_some_figures_are_cut_off(tables: dict[int, Table]) -> None:
    for entry in (tables[7].rows[2].entries[1], tables[9].rows[0].entries[1]):
        assert isinstance(entry.counted, Decimal)
        assert int(entry.counted) == int(entry.published)


def test_a_small_network_is_printed_without_batch_norm() -> None:
    weights = sum(layer.weights for layer in _layers("mobilenet_v1_0.5_160"))
    assert number("1.32", Decimal(weights) / 10**6).agrees


def test_googlenet_is_printed_between_its_two_layouts() -> None:
    large, small = (sum(layer.mult_adds for layer in _layers(name)) for name in ("googlenet", "googlenet_3x3"))
    assert small < 1550e6 < large
    large, small = (sum(layer.params for layer in _layers(name)) for name in ("googlenet", "googlenet_3x3"))
    assert small < 6.8e6 < large
