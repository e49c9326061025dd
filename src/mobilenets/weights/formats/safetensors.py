"""safetensors files: timm's, Hugging Face's, or any with a network's tensors by name."""

from mobilenets.errors import UsageError
from mobilenets.weights import state_dict
from mobilenets.weights.found import Array, Found
from mobilenets.weights.read import WeightFile
from mobilenets.weights.wording import one_line


def read(file: WeightFile) -> Found:
    """What a safetensors file holds, with the `config.json` beside it. Raises `UsageError` where it is damaged.

    The format keeps tensors by name and in no order, so that the names say which runs first.
    """
    by_name = dict(sorted(tensors(file).items(), key=lambda one: state_dict.natural(one[0])))
    return state_dict.found(by_name, file, form="safetensors")


def tensors(file: WeightFile) -> dict[str, Array]:
    """The file's tensors by name, as float32. Raises `UsageError` where it is damaged."""
    from safetensors.torch import load

    try:
        return {name: tensor.float().numpy() for name, tensor in load(file.content).items()}
    except Exception as error:
        said = one_line(error)
        raise UsageError(f"{file.path} is no whole safetensors file ({said}): take it from a copy") from error
