"""Ratios to the first of several networks."""

import pytest

from mobilenets.errors import UsageError
from mobilenets.jobs.compare import compare_costs


def test_ratios_are_to_the_first() -> None:
    first, second = compare_costs(["mobilenet_v1_0.5_160", "squeezenet_1.0"])
    assert first.ratios.mult_adds == first.ratios.peak_activation_bytes == 1
    # The paper's "22 times" counts two operations a mult-add for SqueezeNet alone.
    assert second.ratios.mult_adds == pytest.approx(10.88, abs=0.01)
    assert compare_costs(["vgg16", "torchvision:vgg16"])[1].ratios.peak_activation_bytes is None


def test_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="no network is named"):
        compare_costs([])
