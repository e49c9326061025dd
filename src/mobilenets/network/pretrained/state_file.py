"""A state dict from a file of any library: safetensors, or PyTorch's own format without running anything in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mobilenets.errors import UsageError
from mobilenets.files import reason

# Where training scripts keep the weights among other things; an average of the weights is what they evaluate.
_KEYS = ("state_dict_ema", "model_ema", "state_dict", "model")
# What wrappers (DataParallel, torch.compile) put before every name.
_PREFIXES = ("module.", "_orig_mod.")


def read_state(file: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, on the CPU. Raises `UsageError` for a file that holds no state dict."""
    try:
        if not file.is_file():
            raise UsageError(
                f"{file} is no file of weights: {'it is a folder' if file.is_dir() else 'it is not there'}"
            )
        content = _load(file)
    except UsageError:
        raise
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except Exception as error:  # what the two libraries raise on a damaged or hostile file is no closed list
        raise UsageError(f"{file} is no state dict of safetensors or PyTorch ({_first_line(error)})") from error
    found = _tensors(content)
    if found is None:
        raise UsageError(f"{file} holds no state dict: tensors by name, or a dictionary with them as {_KEYS[2]!r}")
    return found


def _load(file: Path) -> Any:
    with file.open("rb") as stream:
        head = stream.read(9)
    if head[8:] == b"{":
        from safetensors.torch import load_file

        return load_file(file)
    return torch.load(file, map_location="cpu", weights_only=True)


def _tensors(content: Any) -> dict[str, Tensor] | None:
    if not isinstance(content, Mapping):
        return None
    for key in _KEYS:
        if isinstance(content.get(key), Mapping):
            return _tensors(content[key])
    if not content or not all(isinstance(name, str) and isinstance(one, Tensor) for name, one in content.items()):
        return None
    named = dict(content)
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in named):
            named = {name.removeprefix(prefix): one for name, one in named.items()}
    return named


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
