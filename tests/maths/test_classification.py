"""Scores of a classifier against scikit-learn and hand-made figures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from mobilenets.maths.classification import calibration_error, confusion_matrix, hits, reliability


def _answers(*, seed: int, count: int, classes: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    numbers = np.random.default_rng(seed)
    return (
        numbers.dirichlet(np.ones(classes), size=count).astype(np.float32),
        numbers.integers(0, classes, size=count),
    )


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), count=st.integers(1, 60), classes=st.integers(3, 12), top=st.integers(1, 5))
def test_hits_are_scikit_learn_s_top_k(seed: int, count: int, classes: int, top: int) -> None:
    top = min(top, classes - 1)
    probabilities, labels = _answers(seed=seed, count=count, classes=classes)
    expected = metrics.top_k_accuracy_score(labels, probabilities, k=top, labels=range(classes))
    assert hits(probabilities, labels, top=top).mean() == pytest.approx(expected)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 999), count=st.integers(0, 60), classes=st.integers(2, 12))
def test_confusion_is_scikit_learn_s(seed: int, count: int, classes: int) -> None:
    numbers = np.random.default_rng(seed)
    labels, answers = numbers.integers(0, classes, size=(2, count))
    counted = confusion_matrix(labels, answers, classes=classes)
    if count:
        assert (counted == metrics.confusion_matrix(labels, answers, labels=range(classes))).all()
    assert counted.shape == (classes, classes) and counted.sum() == count


def test_a_row_is_the_truth_and_a_column_the_answer() -> None:
    counted = confusion_matrix(np.array([0, 0, 2]), np.array([1, 1, 2]), classes=3)
    assert counted.tolist() == [[0, 2, 0], [0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(("label", "answer"), [(0, 3), (3, 0), (0, -1), (-1, 0)])
def test_a_class_that_is_none_is_refused_and_not_counted_elsewhere(label: int, answer: int) -> None:
    with pytest.raises(ValueError, match="invalid entry"):
        confusion_matrix(np.array([label]), np.array([answer]), classes=3)


def test_of_equal_classes_the_earlier_is_the_answer() -> None:
    same = np.full((3, 3), 1 / 3, dtype=np.float32)
    labels = np.array([0, 1, 2])
    assert hits(same, labels, top=1).tolist() == [True, False, False]
    assert hits(same, labels, top=2).tolist() == [True, True, False]
    assert (hits(same, labels, top=1) == (same.argmax(1) == labels)).all()


def test_more_places_than_classes_are_always_right() -> None:
    probabilities, labels = _answers(seed=0, count=20, classes=3)
    assert hits(probabilities, labels, top=5).all()


def test_nan_is_never_right() -> None:
    nothing = np.full((4, 4), np.nan, dtype=np.float32)
    labels = np.arange(4)
    for top in (1, 3, 5):
        assert not hits(nothing, labels, top=top).any()
    (only,) = reliability(nothing, labels)
    assert (only.count, only.confidence, only.accuracy) == (4, 0.0, 0.0)
    assert calibration_error(reliability(nothing, labels)) == 0.0


# --- Calibration ---


def _two_classes(confidences: list[float], right: list[bool]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    probabilities = np.array([[sure, 1 - sure] for sure in confidences], dtype=np.float32)
    return probabilities, np.array([0 if hit else 1 for hit in right])


def test_bins_by_hand() -> None:
    probabilities, labels = _two_classes([0.55, 0.65, 0.95, 0.95, 0.91, 1.0], [True, False, True, True, False, True])
    rows = reliability(probabilities, labels, bins=10)
    assert [(row.low, row.high, row.count) for row in rows] == [(0.5, 0.6, 1), (0.6, 0.7, 1), (0.9, 1.0, 4)]
    assert [row.confidence for row in rows] == pytest.approx([0.55, 0.65, (0.95 + 0.95 + 0.91 + 1.0) / 4])
    assert [row.accuracy for row in rows] == [1.0, 0.0, 0.75]


def test_calibration_error_by_hand() -> None:
    probabilities, labels = _two_classes([0.55, 0.65, 0.95, 0.95, 0.91, 1.0], [True, False, True, True, False, True])
    expected = (abs(0.55 - 1) + abs(0.65 - 0) + 4 * abs(0.9525 - 0.75)) / 6
    assert calibration_error(reliability(probabilities, labels, bins=10)) == pytest.approx(expected, rel=1e-5)


def test_without_answers_there_is_no_calibration_error() -> None:
    assert np.isnan(calibration_error([]))


def test_one_who_is_as_right_as_sure_has_no_error() -> None:
    probabilities, labels = _two_classes([0.75] * 4 + [1.0] * 2, [True, True, True, False, True, True])
    assert calibration_error(reliability(probabilities, labels)) == pytest.approx(0.0, abs=1e-7)


def test_one_who_is_sure_and_wrong_is_all_error() -> None:
    probabilities, labels = _two_classes([1.0, 1.0], [False, False])
    assert calibration_error(reliability(probabilities, labels)) == 1.0


@given(seed=st.integers(0, 999), count=st.integers(0, 60), classes=st.integers(2, 8), bins=st.integers(1, 20))
def test_every_answer_is_in_one_bin_and_inside_it(seed: int, count: int, classes: int, bins: int) -> None:
    probabilities, labels = _answers(seed=seed, count=count, classes=classes)
    rows = reliability(probabilities, labels, bins=bins)
    assert sum(row.count for row in rows) == count
    for row in rows:
        assert row.low - 1e-6 <= row.confidence <= row.high + 1e-6
        assert 0 <= row.accuracy <= 1 and row.count > 0
    whole = sum(row.count * row.accuracy for row in rows)
    assert whole == pytest.approx(float((probabilities.argmax(1) == labels).sum()))
    assert not rows or 0 <= calibration_error(rows) <= 1
