"""Keras's files: the real one against h5py, one with a classifier as Keras writes it, and damaged ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mobilenets.architecture import names
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.weights.fitting import fit
from mobilenets.weights.read import read_weights

h5py = pytest.importorskip("h5py")
_NORM = (("weight", "gamma"), ("bias", "beta"), ("running_mean", "moving_mean"), ("running_var", "moving_variance"))


def test_the_real_file_is_read_to_the_bit(shared_data: Path) -> None:
    path = shared_data / "weights" / "keras_mobilenet_2_5_224_tf_no_top.h5"
    found = read_weights(path)
    assert (found.resolution, found.padding, found.activation, found.mean) == (224, "same", "relu6", (0.5, 0.5, 0.5))
    with h5py.File(path) as opened:
        assert len(found.kernels) == 27
        for kernel in found.kernels:
            layer = opened[f"{kernel.name}/{kernel.name}"]
            norm = opened[f"{kernel.name}_bn/{kernel.name}_bn"]
            depthwise = kernel.groups > 1
            stored = layer["depthwise_kernel:0" if depthwise else "kernel:0"][()]
            assert np.array_equal(kernel.values, stored.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1)))
            assert kernel.norm is not None
            assert np.array_equal(kernel.norm.scale, norm["gamma:0"][()])
            assert np.array_equal(kernel.norm.variance, norm["moving_variance:0"][()])
    fitted = fit(found, where=path.name)
    assert (str(fitted.architecture.name), fitted.outputs) == ("mobilenet_v1_0.25_224", 0)
    assert fitted.notes == ()
    with torch.no_grad():
        features = fitted.network().eval()(torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0)))
    assert features.shape == (2, 256)
    assert features.isfinite().all()
    assert features.std() > 0.1


def _write(
    path: Path, network: Network, *, suffix: str = ":0", depthwise: str = "depthwise_kernel", root: str = "/"
) -> None:
    """As Keras writes: a group a layer, in it a group of the same name; attributes say the order."""
    modules = dict(network.named_modules())
    layers: dict[str, dict[str, Any]] = {"input_1": {}}
    for layer in network.layers:
        if layer.op == "global_average_pool":
            continue
        number = layer.name.partition("/")[0].rpartition("_")[2]
        key = f"blocks.{layer.name.replace('/', '.')}"
        if layer.op == "linear":
            linear = modules[f"{key}.linear"]
            layers["conv_preds"] = {"kernel": linear.weight.detach().numpy().T[None, None], "bias": linear.bias}
            continue
        name = f"conv_{'dw' if layer.groups > 1 else 'pw'}_{number}" if "/" in layer.name else "conv1"
        conv, norm = modules[f"{key}.conv"], modules[f"{key}.norm"]
        order = (2, 3, 0, 1) if layer.groups > 1 else (2, 3, 1, 0)
        layers[name] = {depthwise if layer.groups > 1 else "kernel": conv.weight.detach().numpy().transpose(order)}
        layers[f"{name}_bn"] = {theirs: getattr(norm, ours) for ours, theirs in _NORM}
        layers[f"{name}_relu"] = {}
    with h5py.File(path, "w") as opened:
        group = opened.require_group(root)
        group.attrs["layer_names"] = [name.encode() for name in layers]
        group.attrs["backend"] = b"tensorflow"
        for name, weights in layers.items():
            one = group.create_group(name)
            one.attrs["weight_names"] = [f"{name}/{weight}{suffix}".encode() for weight in weights]
            for weight, values in weights.items():
                stored = values.detach().numpy() if isinstance(values, torch.Tensor) else values
                one[f"{name}/{weight}{suffix}"] = np.ascontiguousarray(stored)


@pytest.fixture(scope="module")
def whole(randomise: Callable[[nn.Module], nn.Module]) -> Network:
    network = Network(names.network("mobilenet_v1_0.25_192", classes=1000))
    randomise(network)
    return network


@pytest.mark.parametrize(
    "options",
    [{}, {"suffix": "", "depthwise": "kernel", "root": "/model_weights"}],
    ids=["save_weights of Keras 2", "model.save of Keras 3"],
)
def test_a_file_with_the_classifier_gives_back_its_network(
    whole: Network, options: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "mobilenet_2_5_192_tf.h5"
    _write(path, whole, **options)  # type: ignore[arg-type]
    fitted = fit(read_weights(path), where=path.name)
    assert (str(fitted.architecture.name), fitted.outputs) == ("mobilenet_v1_0.25_192", 1000)
    assert (fitted.architecture.padding, fitted.architecture.norm_epsilon) == ("same", 1e-3)
    assert all(torch.equal(tensor, fitted.state[name]) for name, tensor in whole.state_dict().items())


def test_the_resolution_is_not_taken_from_another_name(whole: Network, tmp_path: Path) -> None:
    _write(tmp_path / "mine_128.h5", whole)
    assert read_weights(tmp_path / "mine_128.h5").resolution is None


def _changed(path: Path, network: Network, change: Callable[[Any], None]) -> None:
    _write(path, network)
    with h5py.File(path, "r+") as opened:
        change(opened)


def _without_a_weight(opened: Any) -> None:
    del opened["conv_pw_3_bn/conv_pw_3_bn/gamma:0"]


def _another_norm(opened: Any) -> None:
    for weight in ("gamma", "beta", "moving_mean", "moving_variance"):
        del opened[f"conv_pw_3_bn/conv_pw_3_bn/{weight}:0"]
        opened[f"conv_pw_3_bn/conv_pw_3_bn/{weight}:0"] = np.zeros(5, np.float32)


def _flat_kernel(opened: Any) -> None:
    del opened["conv1/conv1/kernel:0"]
    opened["conv1/conv1/kernel:0"] = np.zeros(7, np.float32)


def _another_network(opened: Any) -> None:
    del opened["conv_dw_1"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_without_a_weight, "has no conv_pw_3_bn/gamma: it is another network or not whole"),
        (_another_norm, "conv_pw_3 has 32 channels and conv_pw_3_bn another number"),
        (_flat_kernel, r"conv1/kernel has the shape \(7,\), not 4 dimensions"),
        (_another_network, "and not conv1, conv_dw_1, ...: read are weights as Keras Applications' MobileNet has them"),
    ],
)
def test_what_does_not_fit_is_told_in_a_line(
    whole: Network, change: Callable[[Any], None], problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.h5"
    _changed(path, whole, change)
    with pytest.raises(UsageError, match=problem) as caught:
        read_weights(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()
