"""Batches on their way to the network, and parts of data sets."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mobilenets.data.colours import photometric
from mobilenets.data.examples import Batch, Chosen
from mobilenets.data.photos import ArrayPhoto
from mobilenets.data.preprocess import Box
from mobilenets.data.views import View
from mobilenets.tasks.classify import Labelled

PHOTOS = tuple(ArrayPhoto(f"{number}.png", np.zeros((4, 4), np.uint8)) for number in range(6))
EXAMPLES = Labelled(PHOTOS, (0, 10, 20, 30, 40, 50))


def batch(count: int, *, colour: bool = True) -> Batch:
    images = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).expand(count, 3, 4, 4)
    values = torch.arange(count, dtype=torch.float32)
    return Batch(
        images.contiguous(memory_format=torch.channels_last),
        {"label": torch.arange(count), "boxes": torch.zeros(count, 5, 4)},
        torch.arange(count) * 2,
        values if colour else None,
        values + 1 if colour else None,
    )


def tensors(one: Batch) -> list[Tensor]:
    colours = [value for value in (one.brightness, one.saturation) if value is not None]
    return [one.images, *one.targets.values(), one.places, *colours]


@pytest.mark.parametrize(("count", "parts", "sizes"), [(7, 3, [2, 2, 3]), (4, 4, [1] * 4), (2, 5, [1, 1]), (3, 1, [3])])
def test_parts_are_the_batch_in_order_and_of_about_one_size(count: int, parts: int, sizes: list[int]) -> None:
    whole = batch(count)
    found = whole.parts(parts)
    assert [len(part) for part in found] == sizes
    for place, tensor in enumerate(tensors(whole)):
        assert torch.equal(torch.cat([tensors(part)[place] for part in found]), tensor)
    assert all(part.images.is_contiguous(memory_format=torch.channels_last) for part in found)


def test_nothing_has_no_parts() -> None:
    assert batch(0).parts(3) == []


@pytest.mark.parametrize("colour", [True, False])
def test_a_change_reaches_every_tensor(colour: bool) -> None:
    changed = batch(3, colour=colour).map(lambda tensor: tensor + 1)
    expected = [tensor + 1 for tensor in tensors(batch(3, colour=colour))]
    assert len(tensors(changed)) == len(expected)
    assert all(torch.equal(one, other) for one, other in zip(tensors(changed), expected, strict=True))
    assert (changed.brightness is None) is not colour


def test_a_batch_moves_as_a_whole() -> None:
    moved = batch(2).to(torch.device("meta"))
    assert {tensor.device.type for tensor in tensors(moved)} == {"meta"}


def test_chosen_examples_are_those_at_their_places() -> None:
    chosen = Chosen(EXAMPLES, [5, 0, 3])
    view = View(Box(0, 0, 4, 4))
    assert [photo.name for photo in chosen.photos] == ["5.png", "0.png", "3.png"]
    assert [chosen.truth(place) for place in range(3)] == [50, 0, 30]
    assert [chosen.target(place, view)["label"] for place in range(3)] == [50, 0, 30]
    again = Chosen(chosen, [2])
    assert again.photos[0].name == "3.png"
    assert again.truth(0) == 30


def test_contrast_and_hue_change_with_the_rest() -> None:
    plain, values = batch(3), torch.ones(3)
    distorted = replace(plain, contrast=values / 2, hue=values * 9)
    assert [len(part) for part in distorted.parts(2)] == [1, 2]
    last = distorted.parts(2)[1]
    assert last.contrast is not None and last.hue is not None
    assert (last.contrast.tolist(), last.hue.tolist()) == ([0.5, 0.5], [9.0, 9.0])
    assert plain.brightness is not None and plain.saturation is not None
    expected = photometric(
        plain.images,
        brightness=plain.brightness,
        contrast=values / 2,
        saturation=plain.saturation,
        hue=values * 9,
    )
    assert torch.equal(distorted.coloured(), expected)
    assert torch.equal(batch(3, colour=False).coloured(), plain.images)


def test_chosen_examples_list_their_photographs_once() -> None:
    chosen = Chosen(EXAMPLES, range(6))
    assert chosen.photos is chosen.photos
    assert [photo.name for photo in pickle.loads(pickle.dumps(chosen)).photos] == [photo.name for photo in PHOTOS]
