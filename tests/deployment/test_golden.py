"""Golden images, and what PyTorch says of them."""

import numpy as np
import pytest
import torch
from torch import nn

from mobilenets.data.inputs import photographs
from mobilenets.data.photos import ArrayPhoto
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.deployment.golden import from_photographs, golden, synthetic
from mobilenets.errors import JobError, UsageError

SHOWN = Preprocessing(resolution=24, mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3))


def test_synthetic_images_are_the_same_every_time_and_no_two_alike() -> None:
    images = synthetic(count=3, side=40)
    assert images.shape == (3, 40, 40, 3)
    assert images.dtype == np.uint8
    assert np.array_equal(images, synthetic(count=3, side=40))
    assert not np.array_equal(images, synthetic(count=3, side=40, seed=1))
    assert all(image.std() > 20 for image in images)
    assert not np.array_equal(images[0], images[1])


def test_inputs_are_as_the_file_takes_them() -> None:
    images = synthetic(count=2, side=24)
    network = nn.Flatten()
    raw = golden(network, images, SHOWN, inputs="uint8", described="two")
    scaled = golden(network, images, SHOWN, inputs="float", described="two")
    expected = scale(torch.from_numpy(images).permute(0, 3, 1, 2), SHOWN).numpy()
    assert raw.inputs is images
    assert np.array_equal(scaled.inputs, expected)
    assert np.array_equal(raw.outputs, expected.reshape(2, -1))
    assert np.array_equal(scaled.outputs, raw.outputs)


def test_a_network_that_says_nothing() -> None:
    class Nothing(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean((2, 3)) / 0

    with pytest.raises(JobError, match="the checkpoint gives outputs that are not finite"):
        golden(Nothing(), synthetic(count=1, side=8), SHOWN, inputs="uint8", described="one")


def test_photographs_are_spread_over_all_that_there_are() -> None:
    grey = [ArrayPhoto(f"{shade}.png", np.full((30, 40), shade, np.uint8)) for shade in range(100)]
    images = from_photographs(grey, SHOWN, count=4)
    assert images.shape == (4, 24, 24, 3)
    assert images[:, 0, 0, 0].tolist() == [0, 25, 50, 75]
    assert len(from_photographs(grey[:3], SHOWN, count=4)) == 3


def test_photographs_that_cannot_be_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "a.png").write_bytes(b"no image")
    broken = [*photographs([str(folder)])]
    whole = ArrayPhoto("b.png", np.full((30, 40), 7, np.uint8))
    assert len(from_photographs([*broken, whole], SHOWN, count=2)) == 1
    with pytest.raises(UsageError, match="none of the 1 photographs looked at can be read"):
        from_photographs(broken, SHOWN, count=2)
