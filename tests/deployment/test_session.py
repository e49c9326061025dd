"""Any number of images through a file of a fixed batch."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenets.deployment.runtimes.protocol import Images
from mobilenets.deployment.session import Batched


class Sums:
    """Sums each image, and notes how many came at a time."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def __call__(self, images: Images) -> NDArray[np.float32]:
        self.counts.append(len(images))
        return images.reshape(len(images), -1).sum(1, keepdims=True).astype(np.float32)


@pytest.mark.parametrize(
    ("batch", "count", "counts"),
    [(None, 5, [5]), (5, 5, [5]), (1, 3, [1, 1, 1]), (2, 5, [2, 2, 2]), (4, 1, [4])],
)
def test_every_image_is_answered_in_its_place(batch: int | None, count: int, counts: list[int]) -> None:
    images = np.arange(count * 12, dtype=np.uint8).reshape(count, 2, 2, 3)
    session = Sums()
    outputs = Batched(session, batch)(images)
    assert session.counts == counts
    assert np.array_equal(outputs, images.reshape(count, -1).sum(1, keepdims=True))
