"""Average precision against scikit-learn, by hand, and what must hold of it whatever the scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from mobilenets.maths.ranking import average_precision, interpolated_average_precision, precision_recall


@st.composite
def _ranked(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Scores of few distinct values, so that most are equal to another, with at least one truth."""
    count = draw(st.integers(1, 60))
    levels = draw(st.integers(1, 60))
    numbers = np.random.default_rng(draw(st.integers(0, 9999)))
    truths = numbers.random(count) < draw(st.floats(0.0, 1.0))
    truths[numbers.integers(count)] = True
    return (numbers.integers(0, levels, count) / levels).astype(np.float32), truths


@settings(deadline=None, max_examples=200)
@given(ranked=_ranked())
def test_it_is_scikit_learn_s(ranked: tuple[NDArray[np.float32], NDArray[np.bool_]]) -> None:
    scores, truths = ranked
    assert average_precision(scores, truths) == pytest.approx(metrics.average_precision_score(truths, scores))


@settings(deadline=None, max_examples=100)
@given(ranked=_ranked())
def test_the_curve_is_scikit_learn_s(ranked: tuple[NDArray[np.float32], NDArray[np.bool_]]) -> None:
    scores, truths = ranked
    curve = precision_recall(scores, truths)
    precision, recall, _ = metrics.precision_recall_curve(truths, scores)
    np.testing.assert_allclose(curve.precision, precision[:-1][::-1])
    np.testing.assert_allclose(curve.recall, recall[:-1][::-1])


@given(ranked=_ranked(), seed=st.integers(0, 999))
def test_the_order_of_photographs_does_not_matter(
    ranked: tuple[NDArray[np.float32], NDArray[np.bool_]], seed: int
) -> None:
    scores, truths = ranked
    order = np.random.default_rng(seed).permutation(len(scores))
    assert average_precision(scores[order], truths[order]) == average_precision(scores, truths)


@given(ranked=_ranked())
def test_only_the_order_of_scores_matters(ranked: tuple[NDArray[np.float32], NDArray[np.bool_]]) -> None:
    scores, truths = ranked
    assert average_precision(100 * scores - 7, truths) == pytest.approx(average_precision(scores, truths))


def test_by_hand() -> None:
    """True at the ranks 1, 3 and 4: (1 + 2/3 + 3/4) / 3."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    truths = np.array([True, False, True, True, False])
    assert average_precision(scores, truths) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


@pytest.mark.parametrize("truths", [[True, False, False, False], [False, False, False, True]])
def test_who_says_the_same_of_all_has_the_share_of_truths(truths: list[bool]) -> None:
    assert average_precision(np.full(4, 0.5), np.array(truths)) == 0.25


def test_perfect_is_one() -> None:
    assert average_precision(np.array([0.1, 0.9, 0.8]), np.array([False, True, True])) == 1.0


def test_nan_comes_last() -> None:
    truths = np.array([True, False, False])
    assert average_precision(np.array([np.nan, 0.2, 0.1]), truths) == pytest.approx(1 / 3)
    assert average_precision(np.full(3, np.nan), truths) == pytest.approx(1 / 3)


@pytest.mark.parametrize("count", [0, 3])
def test_without_truths_there_is_none(count: int) -> None:
    with pytest.raises(ValueError, match="nothing is true"):
        average_precision(np.zeros(count), np.zeros(count, dtype=np.bool_))


@given(ranked=_ranked())
def test_interpolation_only_adds(ranked: tuple[NDArray[np.float32], NDArray[np.bool_]]) -> None:
    """Scores that all differ: where precision never rises on the way down both are the same."""
    _, truths = ranked
    positives = int(truths.sum())
    plain = average_precision(-np.arange(len(truths), dtype=np.float32), truths)
    better = interpolated_average_precision(truths, positives=positives)
    assert plain <= better + 1e-12
    assert interpolated_average_precision(np.sort(truths)[::-1], positives=positives) == pytest.approx(1.0)
    assert interpolated_average_precision(truths, positives=2 * positives) == pytest.approx(better / 2)


def test_interpolation_by_hand() -> None:
    """Right at the ranks 2 and 3 of 4, one not found: precision 1/2 and 2/3, of which 2/3 stands for both."""
    right = np.array([False, True, True, False])
    assert interpolated_average_precision(right, positives=3) == pytest.approx((2 / 3 + 2 / 3) / 3)
    assert interpolated_average_precision(np.empty(0, dtype=np.bool_), positives=3) == 0
    with pytest.raises(ValueError, match="nothing is true"):
        interpolated_average_precision(right, positives=0)
