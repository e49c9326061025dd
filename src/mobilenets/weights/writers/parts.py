"""What the writers share: our tensors under other names, what no layout can say, and the folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from mobilenets.errors import UsageError
from mobilenets.files import write_bytes_whole, write_text_whole
from mobilenets.network.graph import module_paths
from mobilenets.weights.fitting import Fitted
from mobilenets.weights.state_dict.tensors import COUNTER

MODEL = "model.safetensors"
CONFIG = "config.json"
_NORM = ("weight", "bias", "running_mean", "running_var", COUNTER)


@dataclass(frozen=True, slots=True)
class Names:
    """What another library calls a convolution and the batch norm behind it."""

    conv: str
    norm: str


def check_writable(fitted: Fitted, *, library: str) -> None:
    """Raise `UsageError` for an embedding, folded batch norm, and an activation that the library has not."""
    if not fitted.architecture.norm:
        raise UsageError(
            f"batch norm is folded into the weights of {fitted.architecture.name}, and {library}'s layout keeps it "
            "apart: write weights that have it"
        )
    if fitted.dimension:
        raise UsageError(
            f"{fitted.architecture.name} ends in an embedding of {fitted.dimension}, and {library}'s layout in classes "
            "or features: write a checkpoint"
        )
    if fitted.architecture.activation == "prelu":
        raise UsageError(f"{fitted.architecture.name} has prelu, and {library}'s layout does not: write a checkpoint")
    if fitted.architecture.activation == "leaky_relu":
        raise UsageError(
            f"{fitted.architecture.name} has leaky_relu with a slope of .1, and {library}'s has .01: "
            "it cannot be written so"
        )


def renamed(fitted: Fitted, convolutions: Sequence[Names]) -> dict[str, Tensor]:
    """The state under the names of `convolutions`, in running order, and `classifier` where there is one."""
    paths = module_paths(fitted.layers)
    laid = [paths[layer.name] for layer in fitted.layers if layer.op == "conv"]
    tensors: dict[str, Tensor] = {}
    for path, names in zip(laid, convolutions, strict=True):
        tensors[f"{names.conv}.weight"] = fitted.state[f"{path}.conv.weight"]
        tensors |= {f"{names.norm}.{part}": fitted.state[f"{path}.norm.{part}"] for part in _NORM}
    if fitted.outputs:
        path = paths[fitted.layers[-1].name]
        tensors |= {f"classifier.{part}": fitted.state[f"{path}.linear.{part}"] for part in ("weight", "bias")}
    return tensors


def write_folder(folder: Path, tensors: Mapping[str, Tensor], files: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the JSON `files` and, last, the weights: each whole or not at all. Raises `JobError` as files do."""
    for name, content in files.items():
        write_text_whole(folder / name, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Both libraries ask the metadata for the framework that wrote the tensors.
    write_bytes_whole(folder / MODEL, save(plain, metadata={"format": "pt"}))
