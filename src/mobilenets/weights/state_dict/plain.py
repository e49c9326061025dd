"""A state dict with any names: its kernels by their shapes, in their order."""

from mobilenets.errors import UsageError
from mobilenets.weights.found import Found, Norm
from mobilenets.weights.state_dict.tensors import Tensors

_EPSILON = 1e-5  # PyTorch's own, which a state dict does not hold


def found(tensors: Tensors, *, form: str, notes: tuple[str, ...]) -> Found:
    """The kernels in order, each with the batch norm of the same place; the last, with bias and without batch norm,
    is the classifier. Raises `UsageError` where there are neither no batch norms nor one for each convolution.

    Padding, activation and preprocessing stand in no state dict and stay open.
    """
    prefixes = _kernels(tensors)
    norms = _norms(tensors)
    if not prefixes:
        raise UsageError(f"{tensors.where} holds no kernels of a convolution")
    closes = f"{prefixes[-1]}.bias" in tensors.values and _pointwise(tensors, prefixes[-1]) and len(prefixes) > 1
    body = prefixes[:-1] if closes and len(norms) < len(prefixes) else prefixes
    if norms and len(norms) != len(body):
        raise UsageError(
            f"{tensors.where} has {len(body)} convolutions and {len(norms)} batch norms: it is none of our networks"
        )
    kernels = tuple(
        tensors.kernel(prefix, dense=place == 0, norm=norms[place] if norms else None)
        for place, prefix in enumerate(body)
    )
    classifier = tensors.kernel(prefixes[-1]) if len(body) < len(prefixes) else None
    tensors.check_nothing_left()
    if norms:
        notes = (*notes, f"a state dict does not say batch norm's epsilon: taken to be PyTorch's {_EPSILON}")
    return Found(form=form, kernels=kernels, classifier=classifier, notes=notes)


def _kernels(tensors: Tensors) -> list[str]:
    names = [name for name, values in tensors.values.items() if name.endswith(".weight") and values.ndim > 1]
    # Where the file keeps no order, the names may not put the layer that reads the picture first.
    names.sort(key=lambda name: tensors.values[name].ndim < 4 or tensors.values[name].shape[1] != 3)  # noqa: PLR2004
    # A matrix of a single kernel of another rank is refused by its shape, when it is taken.
    names.sort(key=lambda name: tensors.values[name].ndim == 2)  # noqa: PLR2004
    return [name.removesuffix(".weight") for name in names]


def _norms(tensors: Tensors) -> list[Norm]:
    ending = ".running_mean"
    prefixes = [name.removesuffix(ending) for name in tensors.values if name.endswith(ending)]
    return [tensors.norm(prefix, epsilon=_EPSILON) for prefix in prefixes]


def _pointwise(tensors: Tensors, prefix: str) -> bool:
    shape = tensors.values[f"{prefix}.weight"].shape
    return len(shape) == 2 or shape[2:] == (1, 1)  # noqa: PLR2004
