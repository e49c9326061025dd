"""An order in which photographs of a kind stand together."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.data.together import together


@settings(deadline=None, max_examples=100)
@given(
    counts=st.lists(st.integers(1, 13), min_size=1, max_size=8),
    size=st.integers(2, 5),
    batch=st.integers(1, 30),
    seed=st.integers(0, 999),
)
def test_every_place_comes_once_and_from_the_seed_alone(counts: list[int], size: int, batch: int, seed: int) -> None:
    kinds = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    orders = [together(kinds, size=size, batch=batch, random=np.random.default_rng(seed)) for _ in range(2)]
    assert sorted(orders[0]) == list(range(len(kinds)))
    assert (orders[0] == orders[1]).all()


@settings(deadline=None, max_examples=60)
@given(people=st.integers(2, 9), each=st.integers(1, 4), size=st.integers(2, 5), seed=st.integers(0, 999))
def test_steps_are_groups_of_one_kind(people: int, each: int, size: int, seed: int) -> None:
    """Where all photographs fall into whole groups, and a step takes whole groups too."""
    kinds = np.tile(np.arange(people), each * size)
    batch = 2 * size
    order = together(kinds, size=size, batch=batch, random=np.random.default_rng(seed))
    for start in range(0, len(kinds) // size * size, size):
        assert len(set(kinds[order[start : start + size]])) == 1


def test_what_is_left_of_each_kind_never_cuts_a_whole_group() -> None:
    kinds = np.repeat(np.arange(6), 7)
    order = together(kinds, size=4, batch=8, random=np.random.default_rng(0))
    steps = kinds[order[: len(kinds) // 8 * 8]].reshape(-1, 8)
    whole = [sorted(Counter(step.tolist()).values()) for step in steps]
    assert whole.count([4, 4]) >= 3 or [8] in whole


def test_groups_are_drawn_anew_each_time() -> None:
    kinds = np.repeat(np.arange(5), 8)
    random = np.random.default_rng(0)
    first, second = (together(kinds, size=4, batch=8, random=random) for _ in range(2))
    assert {frozenset(first[at : at + 4]) for at in range(0, 40, 4)} != {
        frozenset(second[at : at + 4]) for at in range(0, 40, 4)
    }


def test_no_photographs_have_an_order_too() -> None:
    assert not len(together(np.empty(0, np.int64), size=4, batch=8, random=np.random.default_rng(0)))
