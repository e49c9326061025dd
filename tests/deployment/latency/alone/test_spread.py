"""Statistics of runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.deployment.latency.alone.spread import spread


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_as_numpy_has_it(seconds: list[float]) -> None:
    found = spread(seconds)
    expected = np.quantile(seconds, [0.5, 0.9, 0.99])
    assert [found.median, found.p90, found.p99] == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-9)
    assert (found.count, found.least) == (len(seconds), min(seconds))


def test_nothing_measured() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])
