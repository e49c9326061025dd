"""Keras .h5 files of weights in the layout of Keras Applications' MobileNet (`conv1`, `conv_dw_1`, `conv_preds`)."""

import re

import numpy as np

from mobilenets.errors import UsageError
from mobilenets.weights.found import Array, Found, Kernel, Norm
from mobilenets.weights.hdf5 import read_hdf5
from mobilenets.weights.read import WeightFile

# keras/applications/mobilenet.py: BatchNormalization's default epsilon, and the padding ((0, 1), (0, 1)) before each
# convolution of stride 2, which at the even sizes it is published for is SAME.
_EPSILON = 1e-3
_PUBLISHED_NAME = re.compile(r"mobilenet_(?:1_0|7_5|5_0|2_5)_([0-9]{2,4})_tf(?:_no_top)?", re.ASCII)
_WEIGHT = re.compile(r"(?:.*/)?(?P<layer>\w+)/(?P<weight>\w+?)(?::0)?")
_BLOCK = re.compile(r"conv_dw_([0-9]{1,4})")


def read(file: WeightFile) -> Found:
    """What a Keras file of weights holds; the resolution stands in the published files' names alone.

    Raises `UsageError` where it is damaged or its layers are not those of Keras Applications' MobileNet.
    """
    layers = _Layers(_by_layer(read_hdf5(file.content, where=str(file.path))), where=str(file.path))
    numbers = sorted(int(name[1]) for name in map(_BLOCK.fullmatch, layers.weights) if name)
    kernels = [layers.kernel("conv1")]
    for number in numbers:
        kernels += [layers.depthwise(f"conv_dw_{number}"), layers.kernel(f"conv_pw_{number}")]
    named = _PUBLISHED_NAME.search(file.path.name)
    return Found(
        form="Keras HDF5",
        kernels=tuple(kernels),
        classifier=layers.classifier(),
        padding="same",
        activation="relu6",
        resolution=int(named[1]) if named else None,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        squash=True,
        interpolation="tf_bilinear",
    )


def _by_layer(arrays: dict[str, Array]) -> dict[str, dict[str, Array]]:
    """Arrays by layer and by weight: `conv1/conv1/kernel:0` and Keras 3's `conv1/conv1/kernel` alike.

    A whole model has its weights in a group of their own, and the optimiser's copies of them in another.
    """
    whole = any(path.startswith("model_weights/") for path in arrays)
    layers: dict[str, dict[str, Array]] = {}
    for path, values in arrays.items():
        named = _WEIGHT.fullmatch(path)
        if named and path.startswith("model_weights/" if whole else ""):
            layers.setdefault(named["layer"], {})[named["weight"]] = values
    return layers


class _Layers:
    """The layers of a file by name; `where` names it in messages."""

    def __init__(self, weights: dict[str, dict[str, Array]], *, where: str) -> None:
        if "conv1" not in weights or "conv_dw_1" not in weights:
            named = ", ".join(list(weights)[:4]) or "no layers"
            raise UsageError(
                f"{where} holds {named} and not conv1, conv_dw_1, ...: read are weights as Keras Applications' "
                "MobileNet has them, saved by model.save('NAME.h5') or by save_weights of Keras 2"
            )
        self.weights = weights
        self.where = where

    def kernel(self, layer: str) -> Kernel:
        """A convolution: (height, width, in, out) to (out, in, height, width)."""
        values = self._values(layer, "kernel", dimensions=4).transpose(3, 2, 0, 1)
        return Kernel(layer, np.ascontiguousarray(values), norm=self._norm(layer, len(values)))

    def depthwise(self, layer: str) -> Kernel:
        """Its depthwise form: (height, width, channels, 1) to (channels, 1, height, width)."""
        weight = "depthwise_kernel" if "depthwise_kernel" in self.weights[layer] else "kernel"  # Keras 2's, Keras 3's
        values = self._values(layer, weight, dimensions=4).transpose(2, 3, 0, 1)
        channels = len(values)
        return Kernel(layer, np.ascontiguousarray(values), groups=channels, norm=self._norm(layer, channels))

    def classifier(self) -> Kernel | None:
        """The 1 x 1 convolution with a bias at the end, unless the file is one without it."""
        layer = "conv_preds"
        if layer not in self.weights:
            return None
        values = self._values(layer, "kernel", dimensions=4).transpose(3, 2, 0, 1)
        bias = self._values(layer, "bias", dimensions=1)
        if len(bias) != len(values):
            raise UsageError(f"{self.where}: {layer} has {len(values)} outputs and {len(bias)} biases")
        return Kernel(layer, np.ascontiguousarray(values), bias=bias)

    def _norm(self, layer: str, channels: int) -> Norm:
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        scale, shift, mean, variance = values = [self._values(f"{layer}_bn", name, dimensions=1) for name in names]
        if any(len(one) != channels for one in values):
            raise UsageError(f"{self.where}: {layer} has {channels} channels and {layer}_bn another number")
        return Norm(scale, shift, mean, variance, _EPSILON)

    def _values(self, layer: str, weight: str, *, dimensions: int) -> Array:
        values = self.weights.get(layer, {}).get(weight)
        if values is None:
            raise UsageError(f"{self.where} has no {layer}/{weight}: it is another network or not whole")
        if values.ndim != dimensions or not values.size:
            raise UsageError(
                f"{self.where}: {layer}/{weight} has the shape {values.shape}, not {dimensions} dimensions"
            )
        return values.astype(np.float32)
