"""Labels that the other photographs contradict are doubted, and the result follows from names and seed."""

from pathlib import Path

import numpy as np

from mobilenets.data.photos import Example, FilePhoto
from mobilenets.jobs.clean.doubts import doubtful
from mobilenets.jobs.clean.look import Looks
from mobilenets.jobs.clean.sift import DOUBTFUL


def _clouds(labels: str, truths: str, *, seed: int = 0) -> Looks:
    """Features near one axis for each truth, under labels that may be others."""
    random = np.random.default_rng(seed)
    centres = {truth: np.eye(3)[place] for place, truth in enumerate("abc")}
    features = np.stack([centres[truth] + random.normal(0, 0.1, 3) for truth in truths]).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    count = len(labels)
    return Looks(
        examples=tuple(Example(FilePhoto(f"{seed}-{place}", Path()), label) for place, label in enumerate(labels)),
        hashes=np.zeros(count, np.uint64),
        plain=np.zeros(count, np.bool_),
        features=features,
        bad={},
    )


NOBODY = _clouds("a", "a").part([])


def test_wrong_labels_are_found_and_the_right_one_is_named() -> None:
    truths = "abc" * 8
    labels = "b" + truths[1:-1] + "a"
    found = doubtful(_clouds(labels, truths), NOBODY, least=0.1, seed=0)
    assert set(found) == {0, len(labels) - 1}
    first, last = found[0], found[len(labels) - 1]
    assert (first.reason, first.like, first.by) == (DOUBTFUL, "a", "probability")
    assert last.like == "c"
    assert first.distance is not None and first.distance < 0.1


def test_trusted_photographs_tell_what_too_few_noisy_ones_cannot() -> None:
    """Half of the noisy ones are wrong; the trusted are right and are themselves never doubted."""
    noisy = _clouds("abab", "aabb")
    trusted = _clouds("ab" * 10, "ab" * 10, seed=1)
    assert set(doubtful(noisy, trusted, least=0.2, seed=0)) == {1, 2}


def test_trusted_photographs_of_other_labels_are_left_aside() -> None:
    noisy = _clouds("ab" * 6, "ab" * 6)
    assert doubtful(noisy, _clouds("ccc", "abc", seed=1), least=0.05, seed=0) == {}


def test_the_order_of_the_photographs_does_not_matter() -> None:
    looks = _clouds("abcabcabcaab", "abcabcabcabc")
    backwards = looks.part(range(11, -1, -1))
    one, other = (doubtful(these, NOBODY, least=0.3, seed=3) for these in (looks, backwards))
    assert {removed.example for removed in one.values()} == {removed.example for removed in other.values()} != set()
