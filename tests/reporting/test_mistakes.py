import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mobilenets.reporting.mistakes import Confusion, most_confused


def test_the_most_frequent_mistake_is_first() -> None:
    matrix = [[8, 2, 0], [5, 15, 0], [0, 2, 1]]
    assert most_confused(matrix, ["ant", "bee", "owl"]) == [
        Confusion(truth="bee", answer="ant", count=5, share=0.25),
        Confusion(truth="owl", answer="bee", count=2, share=2 / 3),
        Confusion(truth="ant", answer="bee", count=2, share=0.2),
    ]


@given(arrays(np.int64, st.integers(1, 9).map(lambda size: (size, size)), elements=st.integers(0, 5)))
def test_all_mistakes_are_listed_once(matrix: np.ndarray) -> None:
    names = [str(place) for place in range(len(matrix))]
    found = most_confused(matrix, names, top=100)
    assert sum(mistake.count for mistake in found) == matrix.sum() - np.trace(matrix)
    assert [mistake.count for mistake in found] == sorted((mistake.count for mistake in found), reverse=True)
    assert all(0 < mistake.share <= 1 for mistake in found)
    assert most_confused(matrix, names, top=2) == found[:2]


@pytest.mark.parametrize("matrix", [[[1, 2, 3], [4, 5, 6]], [[1]], [], [[1, -1], [0, 1]], [[0.5, 0], [0, 1]]])
def test_what_is_no_confusion_matrix_is_refused(matrix: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="confusion matrix"):
        most_confused(matrix, ["ant", "bee"])
