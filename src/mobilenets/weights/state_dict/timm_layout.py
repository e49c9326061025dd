"""timm's `mobilenetv1_*`: its names, and its `config.json`."""

import re
from collections.abc import Mapping
from typing import Any, cast

from mobilenets.architecture.layer import Activation
from mobilenets.data.preprocess import Interpolation
from mobilenets.weights.found import Found, Kernel
from mobilenets.weights.read import WeightFile
from mobilenets.weights.state_dict.config import Config, beside
from mobilenets.weights.state_dict.tensors import Tensors

# timm's own, for what a config.json leaves out: mobilenetv1_* of timm/models/efficientnet.py.
EPSILON = 1e-5
TF_EPSILON = 1e-3
_HALF = (0.5, 0.5, 0.5)
_BLOCK = re.compile(r"blocks\.([0-9]{1,6})\.([0-9]{1,6})\.conv_dw\.weight")


def recognises(names: Mapping[str, Any]) -> bool:
    """Whether the names are those of timm's networks of separable blocks."""
    return "conv_stem.weight" in names and "blocks.0.0.conv_dw.weight" in names


def found(tensors: Tensors, file: WeightFile, *, notes: tuple[str, ...]) -> Found:
    """The kernels by name. Raises `UsageError` where one is missing or the configuration is none of our networks'."""
    config = beside(file, "config.json")
    if config is None:
        notes = (*notes, "no config.json stands beside the file: padding, activation and scaling are timm's own")
        config = Config({}, str(file.path))
    built = config.part("model_args")
    # Before timm wrote `pretrained_cfg`, its fields stood in the file itself.
    trained = config.part("pretrained_cfg") if "pretrained_cfg" in config.values else config
    usual = TF_EPSILON if built.flag("bn_tf", usual=False) else EPSILON
    kernels = _kernels(tensors, epsilon=built.number("bn_eps", usual, low=1e-12, high=1.0) or usual)
    classifier = tensors.kernel("classifier") if "classifier.weight" in tensors.values else None
    tensors.check_nothing_left()
    padding = built.word("pad_type", "", known=("", "symmetric", "same"))
    return Found(
        form="timm MobileNet",
        kernels=kernels,
        classifier=classifier,
        padding="same" if padding == "same" else "symmetric",
        # timm's leaky_relu has a slope of .01 and ours, the published one, of .1.
        activation=cast(Activation, built.word("act_layer", "relu6", known=("relu6", "relu"))),
        resolution=trained.side("input_size") or 224,
        mean=trained.colours("mean", low=-1e3) or _HALF,
        std=trained.colours("std", low=0.0) or _HALF,
        crop=trained.number("crop_pct", 0.875, low=0.1, high=1.0),
        squash=trained.word("crop_mode", "center", known=("center", "squash")) == "squash",
        interpolation=cast(Interpolation, trained.word("interpolation", "bicubic", known=("bilinear", "bicubic"))),
        classes=_classes(config, len(classifier.values)) if classifier else None,
        notes=notes,
    )


def _kernels(tensors: Tensors, *, epsilon: float) -> tuple[Kernel, ...]:
    """The stem, the blocks in the order of their numbers, and the convolution of the head (`mobilenetv1_100h`)."""
    blocks = sorted((int(name[1]), int(name[2])) for name in map(_BLOCK.fullmatch, tensors.values) if name)
    pairs = [("conv_stem", "bn1")]
    for stage, place in blocks:
        block = f"blocks.{stage}.{place}"
        pairs += [(f"{block}.conv_dw", f"{block}.bn1"), (f"{block}.conv_pw", f"{block}.bn2")]
    if "conv_head.weight" in tensors.values:
        pairs.append(("conv_head", "bn2"))
    return tuple(
        tensors.kernel(kernel, dense=kernel == "conv_stem", norm=tensors.norm(norm, epsilon=epsilon))
        for kernel, norm in pairs
    )


def _classes(config: Config, outputs: int) -> tuple[str, ...] | None:
    """`label_names`, where it has one for each output."""
    names = config.values.get("label_names")
    if not isinstance(names, list) or len(names) != outputs or not all(isinstance(name, str) for name in names):
        return None
    return tuple(names)
