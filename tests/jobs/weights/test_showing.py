"""What a file of weights holds."""

from pathlib import Path

import pytest

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.errors import UsageError
from mobilenets.jobs.weights.showing import show_weights
from mobilenets.weights.fitting import Asked
from mobilenets.weights.hub import sha256_of


def test_the_network_its_cost_and_every_kernel(hub_layout: Path) -> None:
    shown = show_weights(hub_layout)
    layers = names.network("mobilenet_v1_0.25_32", classes=10)
    assert (shown.network, shown.task, shown.licence) == ("mobilenet_v1_0.25_32", "classify", None)
    assert (shown.mult_adds, shown.params) == (cost(layers).mult_adds, cost(layers).params)
    assert shown.sha256 == sha256_of(hub_layout / "model.safetensors")
    assert [kernel.layer for kernel in shown.kernels] == [layer.name for layer in layers if layer.weights]
    first, depthwise, last = shown.kernels[0], shown.kernels[1], shown.kernels[-1]
    assert (first.shape, first.groups, first.norm, first.bias) == ((8, 3, 3, 3), 1, True, False)
    assert (depthwise.shape, depthwise.groups) == ((8, 1, 3, 3), 8)
    assert (last.shape, last.norm, last.bias) == ((10, 256), False, True)
    assert all(kernel.low < 0 < kernel.high for kernel in shown.kernels)


def test_what_is_published_of_a_file(shared_data: Path) -> None:
    shown = show_weights(shared_data / "weights" / "keras_mobilenet_2_5_224_tf_no_top.h5")
    assert (shown.classes, shown.licence, shown.figures) == (None, "apache-2.0", ())
    assert shown.source.startswith("mobilenet_v1_0.25_224_no_top (https://storage.googleapis.com/")


def test_what_is_asked_is_shown(hub_layout: Path) -> None:
    shown = show_weights(hub_layout, asked=Asked(resolution=160))
    assert (shown.network, shown.preprocessing.resolution) == ("mobilenet_v1_0.25_160", 160)


def test_no_file_of_weights(tmp_path: Path) -> None:
    (tmp_path / "owl.txt").write_text("an owl")
    with pytest.raises(UsageError, match=r"owl\.txt is no file of weights"):
        show_weights(tmp_path / "owl.txt")
