"""timm's layout: what `timm.create_model("local-dir:FOLDER", pretrained=True)` and "hf-hub:..." load."""

from pathlib import Path
from typing import Any

from mobilenets.architecture.names import Name
from mobilenets.errors import UsageError
from mobilenets.run import Architecture
from mobilenets.weights.fitting import Fitted
from mobilenets.weights.state_dict.timm_layout import EPSILON
from mobilenets.weights.writers.parts import CONFIG, Names, check_writable, renamed, write_folder

# The networks that timm builds; it takes no other width.
_MODELS = {
    ("mobilenet_v1", 1.0): "mobilenetv1_100",
    ("mobilenet_v1", 1.25): "mobilenetv1_125",
    ("mobilenet_v1h", 1.0): "mobilenetv1_100h",
}


def write_timm(fitted: Fitted, folder: Path) -> None:
    """Write `model.safetensors` and `config.json` into `folder` so that timm gives the same logits.

    Padding, epsilon and activation that are not timm's own go into `model_args`, which timm applies from 1.0 on.
    Raises `UsageError` for a network that timm does not have, and `JobError` where a file cannot be written.
    """
    model = _model(fitted.architecture.name)
    check_writable(fitted, library="timm")
    write_folder(folder, renamed(fitted, _convolutions(fitted)), {CONFIG: _config(fitted, model)})


def _model(name: Name) -> str:
    if (model := _MODELS.get((name.family, name.width))) is None:
        known = ", ".join(f"{family} at width {width:g}" for family, width in _MODELS)
        raise UsageError(f"timm has no {name}, only {known}: write it in Hugging Face's layout")
    return model


def _convolutions(fitted: Fitted) -> list[Names]:
    """timm counts blocks by stages; a stage begins where the stride is 2, and the first stands for itself."""
    stage, block = 0, -1
    names = [Names("conv_stem", "bn1")]
    for layer in fitted.layers:
        if layer.name.endswith("/depthwise"):
            stage, block = (stage + 1, 0) if layer.stride > 1 else (stage, block + 1)
            names.append(Names(f"blocks.{stage}.{block}.conv_dw", f"blocks.{stage}.{block}.bn1"))
        elif layer.name.endswith("/pointwise"):
            names.append(Names(f"blocks.{stage}.{block}.conv_pw", f"blocks.{stage}.{block}.bn2"))
    return [*names, Names("conv_head", "bn2")] if fitted.architecture.family == "mobilenet_v1h" else names


def _config(fitted: Fitted, model: str) -> dict[str, Any]:
    seen = fitted.preprocessing
    side = [seen.resolution, seen.resolution]
    return {
        "architecture": model,
        "num_classes": fitted.outputs,
        "num_features": fitted.layers[-1].in_channels,
        "global_pool": "avg",
        **({"label_names": list(fitted.classes)} if fitted.classes else {}),
        "model_args": _model_args(fitted.architecture),
        "pretrained_cfg": {
            "num_classes": fitted.outputs,
            "input_size": [3, *side],
            "fixed_input_size": False,
            "interpolation": "bicubic" if seen.interpolation == "bicubic" else "bilinear",
            "crop_pct": seen.crop,
            "crop_mode": "squash" if seen.squash else "center",
            "mean": list(seen.mean),
            "std": list(seen.std),
            "first_conv": "conv_stem",
            "classifier": "classifier",
        },
    }


def _model_args(architecture: Architecture) -> dict[str, Any]:
    """What differs from timm's own."""
    arguments: dict[str, Any] = {}
    if architecture.padding == "same":
        arguments["pad_type"] = "same"
    if architecture.norm_epsilon != EPSILON:
        arguments["bn_eps"] = architecture.norm_epsilon
    if architecture.activation != "relu6":
        arguments["act_layer"] = architecture.activation
    return arguments
