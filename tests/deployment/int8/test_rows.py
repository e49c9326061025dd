"""A detector in 8 bits: what joins its maps stays in floats, in every runtime, of one image and of several."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mobilenets.architecture.detectors.names import detector
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.golden import synthetic
from mobilenets.deployment.int8.protocol import Calibration, Quantises, check_all_int8
from mobilenets.deployment.runtimes.protocol import check_can_export
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.session import Batched
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.errors import UsageError
from mobilenets.jobs.fit.probe import _random
from mobilenets.network.graph import Network

SIDE, CLASSES = 128, 3
IMAGES = synthetic(count=8, side=SIDE)


@pytest.fixture(scope="module")
def detecting() -> Shipped:
    """A detector without its tail, whose offsets are far larger than its scores."""
    network: Network = _random(list(detector(f"ssd_mobilenet_v1_0.25_{SIDE}", classes=CLASSES).layers))
    for name, module in network.named_modules():
        if name.endswith("offsets.conv"):
            assert isinstance(module, torch.nn.Conv2d)
            module.weight.data *= 30
    return Shipped(network, Preprocessing(resolution=SIDE))


@pytest.mark.parametrize(
    "name",
    [
        "onnx",
        "openvino",
        pytest.param("litert", marks=pytest.mark.heavy),
        pytest.param("executorch", marks=pytest.mark.heavy),
    ],
)
def test_scores_offsets_and_boxes_share_no_grid(name: str, detecting: Shipped, tmp_path: Path) -> None:
    runtime = runtime_named(name)
    assert isinstance(runtime, Quantises)
    try:
        check_can_export(runtime)
    except UsageError as missing:
        pytest.skip(str(missing))
    signature = Signature("uint8", SIDE, 1 if runtime.static else None)
    file = tmp_path / runtime.file
    made = runtime.export_int8(detecting, signature, file, calibration=Calibration(IMAGES))
    check_all_int8(made.operators, file=file.name)
    run = Batched(runtime.open(file), signature.batch)
    with torch.no_grad():
        right = detecting(torch.from_numpy(IMAGES)).numpy()
    for count in (1, 3):
        found = run(IMAGES[:count])
        scores, offsets, boxes = np.split(found - right[:count], [CLASSES + 1, -4], axis=-1)
        np.testing.assert_array_equal(boxes, 0)
        for part, whole in ((scores, right[..., : CLASSES + 1]), (offsets, right[..., CLASSES + 1 : -4])):
            assert np.sqrt((part**2).mean()) < 0.2 * whole.std()
