"""Google's float MobileNet on real photographs: ours beside the same frozen graph run by OpenCV."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobilenets.data.preprocess import scale
from mobilenets.data.shapes import Centre, shaped
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.weights.fitting import Asked, Fitted, fit
from mobilenets.weights.read import read_weights

LOGITS = "MobilenetV1/Predictions/Reshape"
FEATURES = {4: 3, 8: 5, 16: 11, 32: 13}
"""The pointwise layers of TF-Slim that end at each stride."""
BACKGROUND = 1


@pytest.fixture(scope="module")
def file(shared_data: Path) -> Path:
    return shared_data / "weights" / "mobilenet_v1_1.0_224_float_frozen.pb"


@pytest.fixture(scope="module")
def fitted(file: Path) -> Fitted:
    return fit(read_weights(file), where=str(file))


@pytest.fixture(scope="module")
def photographs(shared_data: Path, fitted: Fitted) -> tuple[Tensor, NDArray[np.int64]]:
    """A hundred photographs as the network takes them, and ImageNet's number of each from 0."""
    folder = shared_data / "imagenet_val650"
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))[::6][:100]
    cut = Centre(fitted.preprocessing)
    pixels = np.stack([shaped((folder / "images" / row["file"]).read_bytes(), cut) for row in rows])
    images = scale(torch.from_numpy(pixels).permute(0, 3, 1, 2), fitted.preprocessing)
    return images, np.array([int(row["label"]) for row in rows])


def by_opencv(file: Path, images: Tensor, output: str) -> NDArray[np.float32]:
    net = cv2.dnn.readNetFromTensorflow(str(file))
    parts = []
    for batch in images.split(10):
        net.setInput(batch.numpy())
        parts.append(net.forward(output).copy())
    return np.concatenate(parts)


def test_logits_and_top1_are_those_of_the_runtime(
    file: Path, fitted: Fitted, photographs: tuple[Tensor, NDArray[np.int64]]
) -> None:
    images, labels = photographs
    network = fitted.network().eval()
    with torch.inference_mode():
        ours = torch.cat([network(batch) for batch in images.split(10)]).numpy()
    theirs = by_opencv(file, images, LOGITS)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)
    right, right_there = (int((out.argmax(1) == labels + BACKGROUND).sum()) for out in (ours, theirs))
    assert abs(right - right_there) <= 1
    assert right >= 70


def test_features_are_those_of_the_runtime(
    file: Path, fitted: Fitted, photographs: tuple[Tensor, NDArray[np.int64]]
) -> None:
    """OpenCV folds batch norm, so ours is folded too: unfolded it rounds elsewhere, as far from exact as OpenCV's."""
    images, network = photographs[0][:4], fitted.network().eval()
    folded = fold(network)
    assert isinstance(folded, Network)
    with torch.inference_mode():
        features, exact = folded.features(images), network.double().features(images.double())
    assert features.keys() == exact.keys() == FEATURES.keys()
    for stride, place in FEATURES.items():
        theirs = by_opencv(file, images, f"MobilenetV1/MobilenetV1/Conv2d_{place}_pointwise/Relu6")
        assert float(theirs.std()) > 0.1
        np.testing.assert_allclose(features[stride].numpy(), theirs, rtol=0, atol=1e-4, err_msg=f"stride {stride}")
        np.testing.assert_allclose(exact[stride].numpy(), theirs, rtol=0, atol=5e-4, err_msg=f"stride {stride}")


def test_folding_keeps_the_logits(fitted: Fitted, photographs: tuple[Tensor, NDArray[np.int64]]) -> None:
    images, network = photographs[0][:4], fitted.network().eval()
    with torch.inference_mode():
        torch.testing.assert_close(fold(network)(images), network(images), rtol=0, atol=1e-4)


def test_the_other_padding_is_another_network(
    file: Path, fitted: Fitted, photographs: tuple[Tensor, NDArray[np.int64]]
) -> None:
    images = photographs[0][:4]
    symmetric = fit(read_weights(file), Asked(padding="symmetric"), where=str(file))
    with torch.inference_mode():
        ours, other = fitted.network().eval()(images), symmetric.network().eval()(images)
    assert float((ours - other).abs().max()) > 0.1
