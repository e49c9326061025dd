"""Photographs as pixels by their place, and work done ahead."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mobilenets.data.photos import ArrayPhoto, BadImage, FilePhoto
from mobilenets.data.reading import Decoded, Noting, Some, ahead
from mobilenets.data.shapes import Whole

PHOTOS = [ArrayPhoto(f"{level}.png", np.full((4, 6, 3), level, np.uint8)) for level in range(5)]


def test_decoded_pixels_have_the_shape_asked_for() -> None:
    pixels = Decoded(PHOTOS, Whole(2))
    assert len(pixels) == 5
    assert np.array_equal(pixels[3], np.full((2, 3, 3), 3))


def test_what_cannot_be_read_is_noted_by_name() -> None:
    pixels = Noting(Decoded([*PHOTOS, FilePhoto("gone.jpg", Path("nowhere"))], Whole(4)))
    assert len(pixels) == 6
    assert pixels[4].max() == 4
    for _ in range(2):
        with pytest.raises(BadImage, match="No such file"):
            pixels[5]
    assert pixels.bad == {"gone.jpg": "No such file or directory"}


def test_some_are_those_at_their_places() -> None:
    pixels = Some(Decoded(PHOTOS, Whole(4)), [4, 1])
    assert [int(pixels[place].max()) for place in range(len(pixels))] == [4, 1]
    with pytest.raises(IndexError):
        pixels[2]


def test_work_ahead_keeps_its_order_and_takes_no_more_than_its_depth() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    with ThreadPoolExecutor(4) as pool:
        results = ahead(pool, lambda item: item * 2, items(), depth=7)
        for place, result in enumerate(results):
            assert result == place * 2
            assert len(taken) <= place + 7
    assert len(taken) == 100


@pytest.mark.parametrize("count", [0, 1, 3])
def test_work_ahead_of_less_than_its_depth(count: int) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert list(ahead(pool, str, range(count), depth=8)) == [str(item) for item in range(count)]


def test_what_fails_is_raised_in_its_turn_and_the_rest_is_dropped() -> None:
    done: list[int] = []
    gate = threading.Event()

    def work(item: int) -> int:
        if item == 2:
            raise KeyError(item)
        if item > 2:
            gate.wait(10)
        done.append(item)
        return item

    with ThreadPoolExecutor(1) as pool:
        results = ahead(pool, work, range(50), depth=20)
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(KeyError):
            next(results)
        gate.set()
    # What was under way ends; nothing waiting is begun.
    assert len(done) <= 4
