"""Crops against bilinear samples taken one by one."""

import math
from dataclasses import replace

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mobilenets.architecture.detectors.names import detector
from mobilenets.architecture.layer import Layer
from mobilenets.network.crop import RoiCrop

LAYER = next(one for one in detector("frcnn_mobilenet_v1_0.25_64").layers if one.op == "roi_crop")


def _layer(height: int, width: int) -> Layer:
    return replace(LAYER, out_size=(height, width))


def _sample(plane: Tensor, y: float, x: float) -> float:
    """Bilinear between the four places around."""
    top, left = min(math.floor(y), plane.shape[0] - 1), min(math.floor(x), plane.shape[1] - 1)
    bottom, right = min(top + 1, plane.shape[0] - 1), min(left + 1, plane.shape[1] - 1)
    down, across = y - top, x - left
    above = (1 - across) * plane[top, left] + across * plane[top, right]
    below = (1 - across) * plane[bottom, left] + across * plane[bottom, right]
    return float((1 - down) * above + down * below)


def _by_hand(plane: Tensor, box: list[float], size: tuple[int, int]) -> Tensor:
    """`crop_and_resize` of one channel: corners of the grid on the box's, share 1 in the middle of the last place."""
    (left, top, right, bottom), (height, width) = box, size
    tall, wide = plane.shape[0] - 1, plane.shape[1] - 1
    rows = [(top + (bottom - top) * row / (height - 1)) * tall for row in range(height)]
    columns = [(left + (right - left) * column / (width - 1)) * wide for column in range(width)]
    return torch.tensor([[_sample(plane, y, x) for x in columns] for y in rows])


@given(
    seed=st.integers(0, 2**31),
    sides=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    size=st.tuples(st.integers(2, 5), st.integers(2, 5)),
)
def test_samples_are_those_taken_one_by_one(seed: int, sides: tuple[int, int], size: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(seed)
    maps = torch.randn(2, 3, *sides, generator=random)
    ends = torch.rand(2, 4, 2, 2, generator=random).sort(2).values
    boxes = torch.cat([ends[:, :, 0], ends[:, :, 1]], -1)
    crops = RoiCrop(_layer(*size))(maps, boxes)
    assert crops.shape == (8, 3, *size)
    for number, crop in enumerate(crops):
        image, box = divmod(number, 4)
        expected = torch.stack([_by_hand(plane, boxes[image, box].tolist(), size) for plane in maps[image]])
        torch.testing.assert_close(crop, expected, atol=1e-4, rtol=1e-4)


def test_the_whole_image_at_its_own_size_is_the_map_itself() -> None:
    maps = torch.randn(1, 2, 5, 7)
    crops = RoiCrop(_layer(5, 7))(maps, torch.tensor([[[0.0, 0.0, 1.0, 1.0]]]))
    torch.testing.assert_close(crops, maps)


def test_a_box_without_an_area_is_one_place() -> None:
    maps = torch.randn(1, 2, 5, 5)
    crops = RoiCrop(_layer(3, 3))(maps, torch.tensor([[[0.5, 0.25, 0.5, 0.25]]]))
    torch.testing.assert_close(crops, maps[:, :, 1:2, 2:3].expand(1, 2, 3, 3))


def test_maps_learn_and_boxes_do_not_ask_for_it() -> None:
    maps = torch.randn(1, 1, 4, 4, requires_grad=True)
    RoiCrop(_layer(2, 2))(maps, torch.tensor([[[0.0, 0.0, 1.0, 1.0]]])).sum().backward()
    assert maps.grad is not None
    assert maps.grad[0, 0].tolist() == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]]
