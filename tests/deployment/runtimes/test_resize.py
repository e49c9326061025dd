"""A file for images of another size is the file that would have been exported for it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mobilenets.architecture.names import network
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.golden import synthetic
from mobilenets.deployment.int8.protocol import Calibration, Quantises
from mobilenets.deployment.runtimes.protocol import Resizes
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise


def _module(side: int) -> Shipped:
    torch.manual_seed(0)
    made = Network([*network(f"mobilenet_v1_0.25_{side}", classes=5)])
    initialise(made)
    return Shipped(made.eval(), Preprocessing(resolution=side))


@pytest.mark.parametrize("name", ["onnx", "openvino"])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_it_answers_as_the_exported_one(name: str, precision: str, tmp_path: Path) -> None:
    runtime = runtime_named(name)
    pytest.importorskip(runtime.runner)
    assert isinstance(runtime, Resizes) and isinstance(runtime, Quantises)
    for folder in ("small", "resized", "large"):
        (tmp_path / folder).mkdir()
    files = {folder: tmp_path / folder / runtime.file for folder in ("small", "resized", "large")}
    # Ranges that do not depend on the side: those of images of one colour.
    for folder, side in (("small", 32), ("large", 64)):
        signature = Signature("uint8", side, batch=1)
        if precision == "float32":
            runtime.export(_module(side), signature, files[folder])
        else:
            grey = np.full((8, side, side, 3), 99, np.uint8)
            runtime.export_int8(_module(side), signature, files[folder], calibration=Calibration(grey))
    runtime.resize(files["small"], Signature("uint8", 64, batch=1), files["resized"])
    images = synthetic(count=1, side=64)
    resized, large = (runtime.open(files[folder])(images) for folder in ("resized", "large"))
    if precision == "float32":
        np.testing.assert_allclose(resized, large, rtol=0, atol=1e-6)
    else:
        # Borders differ with the side, and so does a calibrated range, a little.
        assert resized.shape == large.shape and np.isfinite(resized).all()
