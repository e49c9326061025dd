"""Verification's scores against scikit-learn, brute force and hand-made figures."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from mobilenets.maths import verification
from mobilenets.maths.verification import (
    Pairs,
    all_pairs,
    area_under_curve,
    best_threshold,
    equal_error_rate,
    fold_accuracy,
    needed_pairs,
    squared_distances,
    validation_rate,
)

SEEDS = st.integers(0, 9999)


def _unit(*, seed: int, count: int, dimension: int = 8) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _pairs(*, seed: int, same: int, different: int, ties: bool = False) -> Pairs:
    """Distances of a network that is better than chance; with `ties` many are the same."""
    random = np.random.default_rng(seed)
    near, far = random.beta(2, 5, same) * 4, random.beta(5, 2, different) * 4
    if ties:
        near, far = near.round(), far.round()
    people = random.integers(0, 5, same)
    order = np.argsort(near)
    return Pairs(near.astype(np.float32)[order], people[order], np.sort(far.astype(np.float32)))


@settings(deadline=None, max_examples=30)
@given(seed=SEEDS, count=st.integers(0, 30), block=st.integers(1, 100))
def test_every_two_photographs_make_one_pair(seed: int, count: int, block: int) -> None:
    vectors, people = _unit(seed=seed, count=count), np.random.default_rng(seed).integers(0, 4, count)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verification, "_BLOCK", block)
        pairs = all_pairs(vectors, people)
    same, whose, different = [], [], []
    for one in range(count):
        for other in range(one + 1, count):
            distance = ((vectors[one] - vectors[other]) ** 2).sum()
            (same if people[one] == people[other] else different).append(distance)
            whose += [people[one]] if people[one] == people[other] else []
    np.testing.assert_allclose(pairs.same, np.sort(np.array(same, np.float32)), atol=1e-5)
    np.testing.assert_allclose(pairs.different, np.sort(np.array(different, np.float32)), atol=1e-5)
    assert sorted(pairs.people) == sorted(whose)
    assert pairs.same.dtype == pairs.different.dtype == np.float32


def test_each_distance_of_one_person_keeps_its_person() -> None:
    vectors = np.eye(4, dtype=np.float32)[[0, 0, 1, 2]]
    pairs = all_pairs(vectors, np.array([7, 7, 9, 9]))
    assert list(zip(pairs.people.tolist(), pairs.same.tolist(), strict=True)) == [(7, 0.0), (9, 2.0)]


def test_distances_of_unit_vectors_stay_within_their_range() -> None:
    vectors = np.concatenate([_unit(seed=1, count=50), -_unit(seed=1, count=50)])
    distances = squared_distances(vectors, vectors)
    assert distances.min() == 0.0
    assert distances.max() == 4.0


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, same=st.integers(1, 40), different=st.integers(1, 80), ties=st.booleans())
def test_the_area_is_scikit_learn_s(seed: int, same: int, different: int, ties: bool) -> None:
    pairs = _pairs(seed=seed, same=same, different=different, ties=ties)
    truth = np.repeat([1, 0], [same, different])
    scores = -np.concatenate([pairs.same, pairs.different])
    assert area_under_curve(pairs) == pytest.approx(metrics.roc_auc_score(truth, scores))


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, same=st.integers(1, 40), different=st.integers(1, 80), ties=st.booleans())
def test_the_equal_error_rate_is_a_point_of_scikit_learn_s_curve(
    seed: int, same: int, different: int, ties: bool
) -> None:
    pairs = _pairs(seed=seed, same=same, different=different, ties=ties)
    truth = np.repeat([1, 0], [same, different])
    scores = -np.concatenate([pairs.same, pairs.different])
    accepted, hits, _ = metrics.roc_curve(truth, scores, drop_intermediate=False)
    gaps = np.abs(accepted - (1 - hits))
    means = (accepted + 1 - hits) / 2
    assert np.isclose(means[np.isclose(gaps, gaps.min())], equal_error_rate(pairs)).any()


def test_no_pairs_of_a_kind_give_no_figures() -> None:
    for pairs in (_pairs(seed=1, same=0, different=3), _pairs(seed=1, same=3, different=0)):
        assert math.isnan(area_under_curve(pairs))
        assert math.isnan(equal_error_rate(pairs))


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, different=st.integers(100, 400), far=st.sampled_from([0.1, 0.15, 0.3, 0.5]), ties=st.booleans())
def test_the_threshold_is_the_largest_of_its_far(seed: int, different: int, far: float, ties: bool) -> None:
    pairs = _pairs(seed=seed, same=30, different=different, ties=ties)
    found = validation_rate(pairs, far)
    assert found.accepted == (pairs.different <= np.float32(found.threshold)).sum()
    assert found.accepted <= far * different
    following = pairs.different[found.accepted]
    assert (pairs.different <= following).sum() > math.floor(far * different)
    assert found.val == (pairs.same <= np.float32(found.threshold)).mean()


def test_validation_by_hand() -> None:
    pairs = Pairs(
        np.array([0.1, 0.2, 0.3, 0.9], np.float32), np.array([0, 0, 1, 1]), np.linspace(0.5, 2.4, 20, dtype=np.float32)
    )
    found = validation_rate(pairs, 0.5)
    assert found.accepted == 10
    assert 1.4 < found.threshold < 1.5
    assert found.val == 1.0
    assert found.standard_error == 0.0
    lower = validation_rate(Pairs(pairs.same + 1, pairs.people, pairs.different), 0.5)
    assert lower.val == 0.75
    # Without one person the shares are 1/2 and 2/2.
    assert lower.standard_error == pytest.approx(math.sqrt(1 / 2 * (0.25**2 + 0.25**2)))


def test_a_tenth_is_a_tenth() -> None:
    """0.1 * 30 is not 3 in floats of all sizes; the number needed is not 101 either."""
    assert [needed_pairs(far) for far in (0.1, 0.01, 0.001, 1e-4, 0.3)] == [100, 1000, 10_000, 100_000, 34]


def test_a_far_that_cannot_be_measured_is_refused_with_the_number_needed() -> None:
    pairs = _pairs(seed=3, same=5, different=99)
    with pytest.raises(ValueError, match=r"far 0\.1 needs 100 pairs of different people and there are 99"):
        validation_rate(pairs, 0.1)
    for far in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="outside"):
            validation_rate(pairs, far)
    with pytest.raises(ValueError, match="no pair of photographs of one person"):
        validation_rate(_pairs(seed=3, same=0, different=100), 0.1)


def test_an_error_over_one_person_is_unknown() -> None:
    pairs = Pairs(np.zeros(3, np.float32), np.zeros(3, np.int64), np.ones(100, np.float32))
    assert math.isnan(validation_rate(pairs, 0.1).standard_error)


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, count=st.integers(1, 40), ties=st.booleans())
def test_no_threshold_answers_more_right_than_the_best(seed: int, count: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    distances = random.uniform(0, 4, count).astype(np.float32)
    distances = distances.round() if ties else distances
    same = random.random(count) < 0.5
    right = ((distances <= best_threshold(distances, same)) == same).sum()
    for other in (-1.0, *distances):
        assert right >= ((distances <= other) == same).sum()


def test_the_best_threshold_stands_in_the_middle_of_the_gap() -> None:
    distances, same = np.array([2.0, 0.5, 1.0], np.float32), np.array([False, True, True])
    assert best_threshold(distances, same) == 1.5
    assert math.isnan(best_threshold(distances[:0], same[:0]))


def test_folds_are_scored_with_the_threshold_of_the_others() -> None:
    """The first fold's distances lie elsewhere: the others' threshold gets half of it wrong."""
    distances = np.array([2.2, 3.0, 0.5, 2.0, 0.5, 2.0], np.float32)
    same = np.array([True, False] * 3)
    found = fold_accuracy(distances, same, np.array([0, 0, 1, 1, 2, 2]))
    assert found.accuracy == pytest.approx((0.5 + 1 + 1) / 3)
    assert found.standard_error == pytest.approx(np.std([0.5, 1, 1], ddof=1) / math.sqrt(3))


def test_one_fold_leaves_nothing_to_choose_a_threshold_on() -> None:
    with pytest.raises(ValueError, match="1 folds"):
        fold_accuracy(np.ones(2, np.float32), np.array([True, False]), np.array([0, 0]))
