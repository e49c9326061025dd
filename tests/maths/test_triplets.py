"""Semi-hard triplets against a loop over all of them."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from mobilenets.maths.triplets import semi_hard_triplets, squared


def _batch(*, seed: int, count: int, people: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    vectors = F.normalize(torch.randn(count, 3, generator=random, dtype=torch.float32), dim=1)
    return vectors, torch.randint(people, (count,), generator=random)


def _by_hand(vectors: Tensor, people: Tensor, margin: float) -> list[Tensor]:
    """FaceNet's definition word by word: the losses of all anchor-positive pairs that have a semi-hard negative."""
    distances = squared(vectors)
    losses = []
    for anchor in range(len(people)):
        for positive in range(len(people)):
            if positive == anchor or people[positive] != people[anchor]:
                continue
            near = distances[anchor, positive]
            negatives = distances[anchor][people != people[anchor]]
            semi_hard = negatives[(near < negatives) & (negatives < near + margin)]
            if len(semi_hard):
                losses.append(near - semi_hard.min() + margin)
    return losses


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 9999),
    count=st.integers(1, 14),
    people=st.integers(1, 4),
    margin=st.sampled_from([0.05, 0.2, 1.0]),
)
def test_loss_and_count_are_those_of_the_definition(seed: int, count: int, people: int, margin: float) -> None:
    vectors, whose = _batch(seed=seed, count=count, people=people)
    found = semi_hard_triplets(vectors, whose, margin=margin)
    expected = _by_hand(vectors, whose, margin)
    assert int(found.count) == len(expected)
    wanted = torch.stack(expected).mean() if expected else torch.tensor(0.0)
    torch.testing.assert_close(found.loss, wanted, atol=1e-5, rtol=1e-4)


def _circle(*degrees: float) -> Tensor:
    angles = torch.tensor(degrees).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], 1)


def test_a_negative_nearer_than_the_positive_is_no_triplet() -> None:
    """Any violator of the margin would be one: this is where ports of the method go wrong."""
    vectors, people = _circle(0, 60, 30), torch.tensor([0, 0, 1])
    assert int(semi_hard_triplets(vectors, people, margin=0.2).count) == 0


def test_a_negative_beyond_the_margin_is_no_triplet_and_one_within_is() -> None:
    people = torch.tensor([0, 0, 1])
    assert int(semi_hard_triplets(_circle(0, 10, -60), people, margin=0.2).count) == 0
    # Within of the photograph at 0 degrees; of the one at 10 it is beyond.
    within = semi_hard_triplets(_circle(0, 10, -12), people, margin=0.05)
    near, far = squared(_circle(0, 10))[0, 1], squared(_circle(0, -12))[0, 1]
    assert int(within.count) == 1
    torch.testing.assert_close(within.loss, near - far + 0.05)


def test_a_batch_without_triplets_has_a_loss_of_nothing_and_gradients_of_nothing() -> None:
    vectors = _circle(0, 10, 20).requires_grad_()
    found = semi_hard_triplets(vectors, torch.tensor([0, 1, 2]), margin=0.2)
    found.loss.backward()  # type: ignore[no-untyped-call]
    assert found.loss.item() == 0.0
    assert vectors.grad is not None
    assert not vectors.grad.any()


def test_the_gradient_draws_the_positive_and_pushes_the_negative() -> None:
    vectors = _circle(0, 10, -12).requires_grad_()
    semi_hard_triplets(vectors, torch.tensor([0, 0, 1]), margin=0.2).loss.backward()  # type: ignore[no-untyped-call]
    assert vectors.grad is not None
    moved = F.normalize(vectors.detach() - 0.01 * vectors.grad, dim=1)
    before, after = squared(vectors.detach()), squared(moved)
    assert after[0, 1] < before[0, 1]
    assert after[0, 2] > before[0, 2]
