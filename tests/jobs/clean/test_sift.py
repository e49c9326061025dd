"""Which photographs go and why, on looks whose distances are known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.data.photos import Example, FilePhoto
from mobilenets.jobs.clean.look import Looks
from mobilenets.jobs.clean.sift import CROSS_LISTED, HELD_OUT, REPEATED, Removed, sift
from mobilenets.maths.perceptual import MIRROR
from mobilenets.run import Cleaning

HASHES, FEATURES = Cleaning(hash_bits=8, feature_distance=0.0), Cleaning(hash_bits=-1, feature_distance=0.1)


def _looks(
    labels: Sequence[str],
    hashes: Sequence[int],
    *,
    angles: Sequence[float] = (),
    plain: Sequence[int] = (),
    of: str = "n",
) -> Looks:
    """Photographs `n0`, `n1`, ...; features are unit vectors at `angles` in degrees."""
    turns = np.deg2rad(np.array(angles))
    return Looks(
        examples=tuple(Example(FilePhoto(f"{of}{place}", Path()), label) for place, label in enumerate(labels)),
        hashes=np.array(hashes, np.uint64),
        plain=np.array([place in plain for place in range(len(labels))], np.bool_),
        features=np.stack([np.cos(turns), np.sin(turns)], 1).astype(np.float32)
        if angles
        else np.empty((len(labels), 0), np.float32),
        bad={},
    )


NONE = _looks([], [])
FAR = [0x0, 0xFFFF_FFFF, 0xFFFF_0000_FFFF_0000, 0x00FF_00FF_00FF_00FF]


def _why(found: dict[int, Removed]) -> dict[int, tuple[str, str]]:
    return {place: (one.reason, one.like) for place, one in sorted(found.items())}


def test_photographs_far_from_each_other_stay() -> None:
    assert sift(_looks("aabb", FAR), _looks("a", [0xF0F0_F0F0_F0F0_F0F0]), HASHES) == {}


def test_what_resembles_a_held_out_photograph_goes_whatever_its_label() -> None:
    noisy = _looks("ab", [FAR[1] ^ 0b1011, FAR[2]])
    found = sift(noisy, _looks("zb", [FAR[0], FAR[1]], of="test"), HASHES)
    assert found == {0: Removed(noisy.examples[0], HELD_OUT, like="test1", by="hash", distance=3.0)}


@pytest.mark.parametrize(("bits", "goes"), [(8, True), (9, False)])
def test_the_limit_is_within(bits: int, goes: bool) -> None:
    found = sift(_looks("a", [FAR[1]]), _looks("a", [FAR[1] ^ (2**bits - 1)]), HASHES)
    assert bool(found) == goes


def test_a_mirrored_copy_is_a_copy() -> None:
    assert _why(sift(_looks("a", [FAR[1] ^ MIRROR]), _looks("a", [FAR[1]]), HASHES)) == {0: (HELD_OUT, "n0")}


def test_every_copy_under_several_labels_goes() -> None:
    noisy = _looks("abcc", [FAR[0], FAR[0] ^ 1, FAR[0] ^ 2, FAR[1]])
    assert {place: why for place, (why, _) in _why(sift(noisy, NONE, HASHES)).items()} == dict.fromkeys(
        (0, 1, 2), CROSS_LISTED
    )


def test_of_repeated_photographs_the_first_stays() -> None:
    noisy = _looks("aaba", [FAR[0], FAR[0] ^ 1, FAR[1], FAR[0] ^ 2])
    assert _why(sift(noisy, NONE, HASHES)) == {1: (REPEATED, "n0"), 3: (REPEATED, "n0")}


def test_a_copy_of_one_that_went_for_another_reason_is_not_repeated() -> None:
    """The first is a copy of a test photograph; the second is near it and not near enough to the test photograph."""
    near = FAR[0] ^ 0b1111_1111
    noisy = _looks("aa", [near, near ^ 0b1111_0000_0000])
    assert _why(sift(noisy, _looks("a", [FAR[0]]), HASHES)) == {0: (HELD_OUT, "n0")}


def test_plain_photographs_are_not_compared_by_hash() -> None:
    same = _looks("ab", [0, 0], plain=[0, 1], angles=[0, 1])
    assert sift(same, _looks("a", [0], angles=[90], plain=[0]), HASHES) == {}
    assert set(sift(same, NONE, FEATURES)) == {0, 1}


def test_features_find_what_hashes_miss_and_say_how_far() -> None:
    noisy = _looks("ab", [FAR[0], FAR[1]], angles=[0, 60])
    tests = _looks("a", [FAR[2]], angles=[20])
    (removed,) = sift(noisy, tests, Cleaning(feature_distance=0.1)).values()
    assert (removed.example.photo.name, removed.reason, removed.by) == ("n0", HELD_OUT, "features")
    assert removed.distance == pytest.approx(1 - np.cos(np.deg2rad(20)), abs=1e-6)
    assert sift(noisy, tests, Cleaning(feature_distance=0.05)) == {}


def test_without_features_only_hashes_are_compared() -> None:
    assert sift(_looks("ab", FAR[:2]), NONE, Cleaning()) == {}


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 2**10 - 1)), max_size=14))
def test_what_stays_is_clean(photographs: list[tuple[str, int, int]]) -> None:
    """Of any collection: no two that stay are copies, and none is a copy of a held-out photograph."""
    hashes = [FAR[place] ^ change for _, place, change in photographs]
    noisy = _looks([label for label, _, _ in photographs], hashes)
    gone = sift(noisy, _looks("a", [FAR[3]]), HASHES)
    stay = [one for place, one in enumerate(hashes) if place not in gone]

    def apart(one: int, other: int) -> int:
        return min((one ^ other).bit_count(), (one ^ other ^ MIRROR).bit_count())

    assert all(apart(one, FAR[3]) > 8 for one in stay)
    assert all(apart(one, other) > 8 for place, one in enumerate(stay) for other in stay[:place])
