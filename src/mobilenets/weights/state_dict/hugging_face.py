"""Hugging Face's MobileNetV1: its names, and its `config.json` and `preprocessor_config.json`."""

import re
from collections.abc import Mapping
from typing import Any, cast

from mobilenets.architecture.layer import Activation
from mobilenets.weights.found import Found
from mobilenets.weights.read import WeightFile
from mobilenets.weights.state_dict.config import Config, beside
from mobilenets.weights.state_dict.tensors import Tensors

BODY = "mobilenet_v1."
STEM = "conv_stem"
# transformers' own, for what a config.json leaves out: MobileNetV1Config and MobileNetV1ImageProcessor.
EPSILON = 1e-3
_RESOLUTION = 224
_SHORTEST_EDGE = 256
_HALF = (0.5, 0.5, 0.5)
BILINEAR, BICUBIC = 2, 3  # PIL.Image.Resampling
_NAMELESS = re.compile(r"LABEL_\d+")


def recognises(names: Mapping[str, Any]) -> bool:
    """Whether the names are those of MobileNetV1Model, alone or within MobileNetV1ForImageClassification."""
    return any(f"{body}{STEM}.convolution.weight" in names for body in ("", BODY))


def found(tensors: Tensors, file: WeightFile, *, notes: tuple[str, ...]) -> Found:
    """The kernels by name. Raises `UsageError` where one is missing or the configuration is none of our networks'."""
    config = beside(file, "config.json")
    if config is None:
        notes = (*notes, "no config.json stands beside the file: padding, activation and epsilon are transformers' own")
        config = Config({}, str(file.path))
    epsilon = config.number("layer_norm_eps", EPSILON, low=1e-12, high=1.0)
    body = BODY if f"{BODY}{STEM}.convolution.weight" in tensors.values else ""
    numbers = sorted(int(name[1]) for name in map(_layer(body).fullmatch, tensors.values) if name)
    kernels = tuple(
        tensors.kernel(
            f"{body}{place}.convolution",
            dense=place == STEM,
            norm=tensors.norm(f"{body}{place}.normalization", epsilon=epsilon or EPSILON),
        )
        for place in (STEM, *(f"layer.{number}" for number in numbers))
    )
    classifier = tensors.kernel("classifier") if "classifier.weight" in tensors.values else None
    tensors.check_nothing_left()
    processor = beside(file, "preprocessor_config.json") or Config({}, str(file.path))
    classes = None if classifier is None else _classes(config, len(classifier.values))
    return Found(
        form="Hugging Face MobileNetV1",
        kernels=kernels,
        classifier=classifier,
        padding="same" if config.flag("tf_padding", usual=True) else "symmetric",
        # transformers' leaky_relu has a slope of .01 and ours, the published one, of .1.
        activation=cast(Activation, config.word("hidden_act", "relu6", known=("relu6", "relu"))),
        resolution=config.side("image_size") or processor.side("crop_size") or _RESOLUTION,
        mean=_scaling(processor, "image_mean", usual=_HALF, unscaled=(0.0, 0.0, 0.0), low=-1e3),
        std=_scaling(processor, "image_std", usual=_HALF, unscaled=(1.0, 1.0, 1.0), low=0.0),
        crop=_crop(processor),
        squash=_squashes(processor),
        interpolation="bicubic" if processor.values.get("resample") == BICUBIC else "bilinear",
        classes=classes,
        notes=notes,
    )


def _layer(body: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(body)}layer\.([0-9]{{1,6}})\.convolution\.weight")


def _scaling(
    processor: Config,
    name: str,
    *,
    usual: tuple[float, float, float],
    unscaled: tuple[float, float, float],
    low: float,
) -> tuple[float, float, float]:
    return (processor.colours(name, low=low) or usual) if processor.flag("do_normalize", usual=True) else unscaled


def _crop(processor: Config) -> float:
    """The central share that is seen: the cut over the shorter side that the photograph is scaled to."""
    if not processor.flag("do_center_crop", usual=True):
        return 1.0
    cut = processor.side("crop_size") or _RESOLUTION
    edge = processor.side("size") or _SHORTEST_EDGE
    share = Config({"crop_size / size": cut / edge}, processor.where).number("crop_size / size", low=0.1, high=1.0)
    return share or 1.0


def _squashes(processor: Config) -> bool:
    """Whether the photograph is scaled to a square before the cut, whatever its aspect."""
    size = processor.values.get("size")
    return isinstance(size, dict) and "height" in size


def _classes(config: Config, outputs: int) -> tuple[str, ...] | None:
    """The names of the classes, where there is one for each output and they are more than numbers."""
    labels = config.part("id2label").values
    names = [labels.get(str(place)) for place in range(outputs)]
    if len(labels) != outputs or any(not isinstance(name, str) or _NAMELESS.fullmatch(name) for name in names):
        return None
    return tuple(map(str, names))
