"""The digits."""

import pickle
from collections import Counter

import numpy as np

from mobilenets.data.decode import decode
from mobilenets.data.embedded import digits


def test_digits() -> None:
    collection = digits()
    assert len(collection.examples) == 1797 and not collection.mirror and collection.framed
    assert collection.labels == tuple("0123456789") and collection.splits == ()
    assert Counter(example.label for example in collection.examples)["3"] == 183
    zero = decode(collection.examples[0].photo.read())
    assert zero.shape == (8, 8, 3) and zero.max() == 239 and zero[0, 0].tolist() == [0, 0, 0]
    assert len({example.photo.name for example in collection.examples}) == 1797


def test_the_darkest_ink_is_255_and_a_photograph_can_travel() -> None:
    photos = [example.photo for example in digits().examples[:50]]
    assert max(decode(photo.read()).max() for photo in photos) == 255
    again = pickle.loads(pickle.dumps(photos[7]))
    assert np.array_equal(decode(again.read()), decode(photos[7].read()))
