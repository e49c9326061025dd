"""Logistic regression against scikit-learn's, and the choice of its penalty."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from mobilenets.maths import logistic
from mobilenets.maths.logistic import PENALTIES, Linear, fit_logistic


def _blobs(*, each: int, classes: int, channels: int, noise: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Clouds around random centres, off the origin and of unequal scale."""
    random = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, channels, generator=random)
    labels = torch.arange(classes).repeat(each)
    features = centres[labels] + noise * torch.randn(len(labels), channels, generator=random)
    return 3 * features + 7, labels


def _fit(features: Tensor, labels: Tensor, **changes: object) -> Linear:
    arguments = {"classes": int(labels.max()) + 1, "groups": torch.arange(len(labels)), "seed": 0, **changes}
    return fit_logistic(features, labels, **arguments)  # type: ignore[arg-type]


def _logits(head: Linear, features: Tensor) -> Tensor:
    return features @ head.weight.T + head.bias


@pytest.mark.parametrize("channels", [3, 40])
def test_it_is_scikit_learn_s_optimum(channels: int) -> None:
    """With more rows than channels, and with fewer, where the work is done in the space of the rows."""
    features, labels = _blobs(each=10, classes=3, channels=channels, noise=2.0)
    found = _fit(features, labels)
    centred = (features - features.mean(0)).double()
    scaled = centred / centred.square().mean().sqrt()
    reference = LogisticRegression(C=1 / (found.penalty * len(labels)), tol=1e-8, max_iter=5000)
    reference.fit(scaled.numpy(), labels.numpy())
    expected = reference.predict_proba(scaled.numpy())
    np.testing.assert_allclose(_logits(found, features).softmax(1).numpy(), expected, atol=1e-3)


def test_noise_asks_for_a_stronger_penalty() -> None:
    clear = _fit(*_blobs(each=20, classes=3, channels=5, noise=0.1)).penalty
    unclear = _fit(*_blobs(each=20, classes=3, channels=5, noise=4.0)).penalty
    assert clear < unclear
    assert {clear, unclear} <= {*PENALTIES}


def test_what_it_learnt_holds_for_others() -> None:
    features, labels = _blobs(each=40, classes=5, channels=8, noise=0.7)
    found = _fit(features[:100], labels[:100])
    right = (_logits(found, features[100:]).argmax(1) == labels[100:]).float().mean()
    assert right > 0.9


def test_rows_of_one_group_are_held_out_together() -> None:
    """Copies on both sides of the division would make memorising look good."""
    features, _ = _blobs(each=30, classes=2, channels=60, noise=1.0)
    labels = torch.randint(0, 2, (60,), generator=torch.Generator().manual_seed(1))
    groups = torch.arange(60).repeat(2)
    together = _fit(features.repeat(2, 1), labels.repeat(2), groups=groups)
    apart = _fit(features.repeat(2, 1), labels.repeat(2), groups=torch.arange(120))
    assert together.penalty > apart.penalty


def test_classes_are_dealt_evenly() -> None:
    labels = torch.tensor([0] * 10 + [1] * 7 + [2])
    parts = logistic._parts(labels, torch.arange(18), seed=0)
    assert parts[-1] == -1  # the only one of its class is always learnt from
    for label, count in ((0, 10), (1, 7)):
        sizes = torch.bincount(parts[labels == label], minlength=5)
        assert sizes.sum() == count
        assert sizes.max() - sizes.min() <= 1


def test_one_row_a_class_is_enough() -> None:
    features, labels = _blobs(each=1, classes=4, channels=6, noise=0.0)
    found = _fit(features, labels)
    assert torch.equal(_logits(found, features).argmax(1), labels)


def test_a_class_without_rows_is_never_the_answer() -> None:
    features, labels = _blobs(each=10, classes=2, channels=3, noise=0.1)
    found = _fit(features, labels, classes=3)
    assert found.weight.shape == (3, 3)
    assert (_logits(found, features).argmax(1) == labels).all()


def test_features_that_never_change_say_nothing() -> None:
    found = _fit(torch.full((6, 4), 2.5), torch.tensor([0, 0, 0, 0, 1, 1]))
    probabilities = _logits(found, torch.full((1, 4), 2.5)).softmax(1)
    torch.testing.assert_close(probabilities, torch.tensor([[2 / 3, 1 / 3]]), atol=1e-3, rtol=0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    features, labels = _blobs(each=3, classes=2, channels=3, noise=0.1)
    features[2, 1] = bad
    with pytest.raises(ValueError, match="not finite"):
        _fit(features, labels)


def test_it_follows_from_its_arguments_alone() -> None:
    features, labels = _blobs(each=9, classes=3, channels=20, noise=2.0)
    one = _fit(features, labels)
    torch.manual_seed(99)
    other = _fit(features, labels)
    assert one.penalty == other.penalty
    assert torch.equal(one.weight, other.weight)
    assert torch.equal(one.bias, other.bias)


def test_many_rows_are_held_out_once_and_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = _blobs(each=20, classes=3, channels=5, noise=1.0)
    exact = _fit(features, labels)
    monkeypatch.setattr(logistic, "_ROWS", 0)
    monkeypatch.setattr(logistic, "_EXACT_UP_TO", 0)
    quick = _fit(features, labels)
    agree = _logits(exact, features).argmax(1) == _logits(quick, features).argmax(1)
    assert agree.float().mean() > 0.95


def test_it_can_be_stopped() -> None:
    features, labels = _blobs(each=5, classes=2, channels=3, noise=1.0)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        _fit(features, labels, check=check)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_the_scale_of_the_features_does_not_matter(scale: float, shift: float) -> None:
    features, labels = _blobs(each=6, classes=3, channels=4, noise=1.0)
    features = features.double()
    one, other = _fit(features, labels), _fit(features * scale + shift, labels)
    expected = _logits(one, features.float()).softmax(1)
    moved = (features * scale + shift).float()
    torch.testing.assert_close(_logits(other, moved).softmax(1), expected, atol=0.02, rtol=0)


def test_a_penalty_that_is_given_is_not_chosen() -> None:
    features, labels = _blobs(each=8, classes=3, channels=5, noise=2.0)
    chosen = _fit(features, labels)
    given_the_same = _fit(features, labels, penalty=chosen.penalty)
    assert given_the_same.penalty == chosen.penalty
    assert torch.allclose(given_the_same.weight, chosen.weight, atol=1e-4)
    assert _fit(features, labels, penalty=100.0).weight.abs().max() < chosen.weight.abs().max() / 10
