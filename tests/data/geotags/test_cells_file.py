"""Partitions written and read again."""

from pathlib import Path

import numpy as np
import pytest

from mobilenets.data.geotags.cells_file import as_state, from_state, read_cells, rounded, write_cells
from mobilenets.errors import UsageError
from mobilenets.maths.partition import Partition, partition


def _some() -> Partition:
    random = np.random.default_rng(0)
    latitude, longitude = random.uniform(-90, 90, 500), random.uniform(-180, 180, 500)
    return partition(latitude, longitude, most=60, fewest=3)


def _same(one: Partition, other: Partition) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("ids", "counts", "places"))


def test_a_file_and_a_state_give_the_cells_back(tmp_path: Path) -> None:
    cells = rounded(_some())
    write_cells(tmp_path / "cells.csv", _some())
    assert _same(read_cells(tmp_path / "cells.csv"), cells)
    assert _same(from_state(as_state(cells)), cells)
    assert _same(rounded(cells), cells)
    np.testing.assert_allclose(cells.places, _some().places, atol=6e-5)


def test_a_file_is_a_table_that_people_can_read(tmp_path: Path) -> None:
    write_cells(tmp_path / "cells.csv", _some())
    first, second, *_ = (tmp_path / "cells.csv").read_text().splitlines()
    assert first == "cell,photographs,latitude,longitude"
    assert len(second.split(",")) == 4


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("", "it has no cells"),
        ("47f,5,x,2\n", "could not convert"),
        ("47f,5,91,2\n", "no place"),
        ("47f,0,1,2\n", "has no photographs"),
        ("zz,5,1,2\n", "'zz' is no S2 cell"),
        ("47e4,5,1,2\n47f,5,1,2\n", "overlap"),
        ("5,5,1,2\n3,5,1,2\n", "not in order"),
    ],
)
def test_a_file_that_was_changed_is_refused(tmp_path: Path, rows: str, why: str) -> None:
    (tmp_path / "cells.csv").write_text(f"cell,photographs,latitude,longitude\n{rows}")
    with pytest.raises(UsageError, match=rf"is no file of `mobilenets cells`, or was changed \(.*{why}"):
        read_cells(tmp_path / "cells.csv")


@pytest.mark.parametrize("state", [{}, {"cell": ["1"], "photographs": [1], "latitude": [0.0], "longitude": []}])
def test_a_state_that_is_not_whole_is_refused(state: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not all there|shorter"):
        from_state(state)
