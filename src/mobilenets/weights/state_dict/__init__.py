"""Tensors by name, as PyTorch and safetensors files hold them, to the kernels of a network in running order."""

from collections.abc import Mapping, Sequence

from mobilenets.weights.found import Array, Found
from mobilenets.weights.read import WeightFile
from mobilenets.weights.state_dict import hugging_face, mobilefacenet, plain, timm_layout
from mobilenets.weights.state_dict.tensors import Tensors, natural

__all__ = ["found", "natural"]

_WRAPPERS = ("module.", "_orig_mod.", "model.", "net.")


def found(tensors: Mapping[str, Array], file: WeightFile, *, form: str, notes: Sequence[str] = ()) -> Found:
    """The kernels among `tensors`: by names of Hugging Face, timm or MobileFaceNet, else by shape in the order given.

    `form` is what a file with other names is called. Raises `UsageError` that names the first tensor which belongs
    to no network of ours.
    """
    named = Tensors(_unwrapped(tensors), where=str(file.path))
    for layout in (hugging_face, timm_layout, mobilefacenet):
        if layout.recognises(named.values):
            return layout.found(named, file, notes=tuple(notes))
    return plain.found(named, form=form, notes=tuple(notes))


def _unwrapped(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """The names without what data parallelism, compilation and training frameworks put before every one of them."""
    names = dict(tensors)
    while names and (prefix := next((one for one in _WRAPPERS if all(n.startswith(one) for n in names)), None)):
        names = {name[len(prefix) :]: tensor for name, tensor in names.items()}
    return names
