"""A file that answers otherwise than PyTorch is found out."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.golden import Golden, golden, synthetic
from mobilenets.deployment.runtimes.protocol import Images
from mobilenets.deployment.session import Batched
from mobilenets.deployment.shipped import Signature
from mobilenets.deployment.verify import Verification, verify
from mobilenets.errors import JobError

SHOWN = Preprocessing(resolution=16)


class Means(nn.Module):
    """The mean of each channel, times ten."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return 10 * images.mean((2, 3))


def _session(change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Callable[[Images], NDArray[np.float32]]:
    def run(images: Images) -> NDArray[np.float32]:
        right: NDArray[np.float32] = golden(Means(), images, SHOWN, inputs="uint8", described="").outputs  # type: ignore[arg-type]
        return change(right)

    return run


def _golden() -> Golden:
    return golden(Means(), synthetic(count=3, side=16), SHOWN, inputs="uint8", described="3 synthetic images")


def _verify(
    change: Callable[[NDArray[np.float32]], NDArray[np.float32]], *, classes: bool = True, any_size: bool = False
) -> Verification:
    run = Batched(_session(change), None)
    return verify(run, _golden(), Means(), SHOWN, Signature("uint8", 16, any_size=any_size), classes=classes)


def test_what_is_near_enough() -> None:
    scale = float(np.abs(_golden().outputs).max())
    found = _verify(lambda right: right + np.float32(5e-5 * scale), any_size=True)
    assert found.golden == "3 synthetic images"
    assert found.shapes == "3x16x16x3, 1x16x16x3, 1x48x48x3"
    assert found.scale == pytest.approx(scale)
    assert found.tolerance == pytest.approx(1e-4 * scale)
    assert found.largest_difference == pytest.approx(5e-5 * scale, rel=0.05)
    assert found.same_top1 is True
    assert _verify(lambda right: right, classes=False).same_top1 is None


def _one_off(right: NDArray[np.float32]) -> NDArray[np.float32]:
    changed = right.copy()
    changed[-1, -1] += 0.01
    return changed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_one_off, r"differs from the checkpoint by 0\.01 where at most"),
        (lambda right: right * np.float32(np.nan), "differs from the checkpoint by nan where"),
        (lambda right: np.full_like(right, np.inf), "differs from the checkpoint by inf where"),
        (lambda right: right[:, :2], r"gives outputs of the shape \(3, 2\) and the checkpoint \(3, 3\)"),
        (lambda right: right[:, ::-1], "differs from the checkpoint by"),
    ],
)
def test_what_is_not(change: Callable[[NDArray[np.float32]], NDArray[np.float32]], says: str) -> None:
    with pytest.raises(JobError, match=says):
        _verify(change)


def test_only_the_single_image_is_wrong() -> None:
    with pytest.raises(JobError, match=r"differs .*nothing was kept"):
        _verify(lambda right: right + (len(right) == 1))


def test_only_another_size_is_wrong() -> None:
    sizes: list[int] = []

    def run(images: Images) -> NDArray[np.float32]:
        sizes.append(images.shape[1])
        right = golden(Means(), images, SHOWN, inputs="uint8", described="").outputs  # type: ignore[arg-type]
        return right + (images.shape[1] != 16)

    with pytest.raises(JobError, match="differs"):
        verify(Batched(run, None), _golden(), Means(), SHOWN, Signature("uint8", 16, any_size=True), classes=True)
    assert sizes == [16, 16, 48]


@pytest.mark.parametrize(("second", "same"), [(1.0, True), (0.9999, True), (0.98, False)])
def test_another_class_comes_first_unless_the_two_are_level(second: float, same: bool) -> None:
    images = synthetic(count=1, side=16)
    expected = Golden(images, images, np.array([[1.0, second, -100.0]], np.float32), "one")

    def run(_: Images) -> NDArray[np.float32]:
        return np.array([[0.992, 0.993, -100.0]], np.float32)  # each as near as the tolerance of .01 asks, or not

    if same:
        assert verify(Batched(run, None), expected, Means(), SHOWN, Signature("uint8", 16), classes=True).same_top1
    else:
        with pytest.raises(JobError):
            verify(Batched(run, None), expected, Means(), SHOWN, Signature("uint8", 16), classes=True)
