"""Hugging Face's layout: what transformers' `MobileNetV1ForImageClassification.from_pretrained(FOLDER)` loads."""

from pathlib import Path
from typing import Any

from mobilenets.errors import UsageError
from mobilenets.weights.fitting import Fitted
from mobilenets.weights.state_dict.hugging_face import BICUBIC, BILINEAR, BODY, STEM
from mobilenets.weights.writers.parts import CONFIG, Names, check_writable, renamed, write_folder


def write_hugging_face(fitted: Fitted, folder: Path) -> None:
    """Write `model.safetensors`, `config.json` and `preprocessor_config.json`: transformers gives the same logits.

    Without a classifier it is a `MobileNetV1Model`. The photograph's scaled size is in whole pixels there, so that
    the crop is right to half a pixel. Raises `UsageError` for a network that transformers does not have, and
    `JobError` where a file cannot be written.
    """
    name = fitted.architecture.name
    if name.family != "mobilenet_v1":
        raise UsageError(f"transformers has no {name}, only mobilenet_v1 (at any width)")
    check_writable(fitted, library="transformers")
    body = BODY if fitted.outputs else ""
    convolutions = sum(layer.op == "conv" for layer in fitted.layers)
    places = (STEM, *(f"layer.{number}" for number in range(convolutions - 1)))
    names = [Names(f"{body}{place}.convolution", f"{body}{place}.normalization") for place in places]
    files = {CONFIG: _config(fitted), "preprocessor_config.json": _processor(fitted)}
    write_folder(folder, renamed(fitted, names), files)


def _config(fitted: Fitted) -> dict[str, Any]:
    architecture = fitted.architecture
    return {
        "architectures": ["MobileNetV1ForImageClassification" if fitted.outputs else "MobileNetV1Model"],
        "model_type": "mobilenet_v1",
        "num_channels": 3,
        "image_size": architecture.resolution,
        "depth_multiplier": architecture.width,
        "min_depth": architecture.min_depth,
        "hidden_act": architecture.activation,
        "tf_padding": architecture.padding == "same",
        "layer_norm_eps": architecture.norm_epsilon,
        # transformers' default of .999 is TF-Slim's share of features that are kept, taken for the share dropped.
        "classifier_dropout_prob": architecture.dropout,
        **_labels(fitted),
    }


def _labels(fitted: Fitted) -> dict[str, Any]:
    if not fitted.outputs:
        return {}
    names = fitted.classes or tuple(f"LABEL_{place}" for place in range(fitted.outputs))
    return {
        "id2label": {str(place): name for place, name in enumerate(names)},
        "label2id": {name: place for place, name in enumerate(names)},
        # What transformers makes of the logits: a softmax unless it is told that each is by itself.
        **({} if fitted.exclusive else {"problem_type": "multi_label_classification"}),
    }


def _processor(fitted: Fitted) -> dict[str, Any]:
    seen = fitted.preprocessing
    scaled = round(seen.resolution / seen.crop)
    return {
        "image_processor_type": "MobileNetV1ImageProcessor",
        "do_resize": True,
        "size": {"height": scaled, "width": scaled} if seen.squash else {"shortest_edge": scaled},
        "resample": BICUBIC if seen.interpolation == "bicubic" else BILINEAR,
        "do_center_crop": True,
        "crop_size": {"height": seen.resolution, "width": seen.resolution},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(seen.mean),
        "image_std": list(seen.std),
    }
