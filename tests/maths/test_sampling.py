"""Places drawn at random, in the balance that is asked for."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.maths.sampling import balanced


@given(
    seed=st.integers(0, 2**31),
    places=st.integers(1, 40),
    count=st.integers(1, 30),
    share=st.sampled_from([0.25, 0.5, 1.0]),
    chances=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_as_many_as_there_are_up_to_the_share(
    seed: int, places: int, count: int, share: float, chances: tuple[float, float]
) -> None:
    torch.manual_seed(seed)
    positive = torch.rand(3, places) < chances[0]
    negative = (torch.rand(3, places) < chances[1]) & ~positive
    drawn = balanced(positive, negative, count=count, share=share)
    assert not (drawn & ~positive & ~negative).any()
    for row in range(3):
        positives = min(int(count * share), int(positive[row].sum()))
        assert (drawn & positive)[row].sum() == positives
        assert (drawn & negative)[row].sum() == min(count - positives, int(negative[row].sum()))


def test_every_place_has_the_same_chance_and_the_seed_decides() -> None:
    among, none = torch.ones(2000, 8, dtype=torch.bool), torch.zeros(2000, 8, dtype=torch.bool)
    torch.manual_seed(0)
    drawn = balanced(none, among, count=2, share=0.5)
    assert (drawn.float().mean(0) - 0.25).abs().max() < 0.04
    torch.manual_seed(0)
    assert torch.equal(drawn, balanced(none, among, count=2, share=0.5))
