"""Networks of other libraries by name, `timm:resnet18` or `torchvision:resnet18`, without weights or memory."""

import difflib
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from mobilenets.architecture.tables import check_classes, check_dials
from mobilenets.errors import UsageError
from mobilenets.network.trace import Traced, count

LIBRARIES = ("timm", "torchvision")
_USUAL_RESOLUTION = 224


@dataclass(frozen=True, slots=True)
class Foreign:
    """A network of another library on the device "meta", and the (channels, height, width) of the image it reads."""

    name: str
    module: nn.Module
    input_shape: tuple[int, ...]

    def count(self) -> Traced:
        """Its mult-adds and params; raises `UsageError` where it does not run on one image without its values."""
        shape = "x".join(map(str, self.input_shape))
        with one_line(f"{self.name} cannot be counted with one image of {shape}"):
            return count(self.module, self.input_shape)


def build_foreign(name: str, *, classes: int | None = None, resolution: int | None = None) -> Foreign:
    """Build `timm:NAME` or `torchvision:NAME`; nothing is downloaded.

    `classes` unset is the library's own number. `resolution` unset is what the library's default weights read (in
    pixels), or 224 where it says nothing. Side heads that only training uses are left out. Raises `UsageError` for
    a name the library does not know and for what that network cannot be built with.
    """
    library, network = split_name(name)
    if classes is not None:
        check_classes(classes)
    if resolution is not None:
        check_dials(width=1.0, resolution=resolution)
    return _BUILDERS[library](network, classes, resolution)


def split_name(name: str) -> tuple[str, str]:
    """The library and its own name of a network; raises `UsageError` for a library that is none of `LIBRARIES`."""
    library, _, network = name.partition(":")
    if library not in LIBRARIES:
        raise UsageError(f"no library is called {library!r}: use {' or '.join(f'{known}:NAME' for known in LIBRARIES)}")
    return library, network


def _timm(name: str, classes: int | None, resolution: int | None) -> Foreign:
    import timm

    options = timm_options(name, resolution) | ({} if classes is None else {"num_classes": classes})
    module = _build(f"timm:{name}", lambda: timm.create_model(name, pretrained=False, **options))
    own: Any = module.pretrained_cfg
    channels, *size = own.get("input_size", (3, _USUAL_RESOLUTION, _USUAL_RESOLUTION))
    return Foreign(f"timm:{name}", module, (channels, *(size if resolution is None else (resolution, resolution))))


def _torchvision(name: str, classes: int | None, resolution: int | None) -> Foreign:
    from torchvision import models

    weights = torchvision_weights(name)
    name = name.partition(".")[0]
    builder = models.get_model_builder(name)
    side = _weights_resolution(weights) if resolution is None else resolution
    options = torchvision_options(name, side) | ({} if classes is None else {"num_classes": classes})
    if "weights_backbone" in inspect.signature(builder).parameters:
        options["weights_backbone"] = None  # else the backbone's weights are downloaded
    if "googlenet" in name or "inception" in name:
        options |= {"aux_logits": False, "init_weights": False}
    module = _build(f"torchvision:{name}", lambda: builder(weights=None, **options))
    return Foreign(f"torchvision:{name}", module, (3, side, side))


def timm_options(name: str, resolution: int | None) -> dict[str, Any]:
    """What timm needs to build a network for images of `resolution` pixels; raises `UsageError` for an unknown one."""
    import timm

    if not timm.is_model(name):
        raise _unknown("timm", name, timm.list_models())
    with one_line(f"timm:{name} cannot be built"):
        config = timm.get_pretrained_cfg(name)
    fixed = config is not None and config.fixed_input_size
    return {"img_size": resolution} if resolution is not None and fixed else {}


def torchvision_weights(name: str) -> Any:
    """torchvision's weights for `NAME` (its default ones) or `NAME.IMAGENET1K_V1`; None where it publishes none.

    Raises `UsageError` for an unknown network or weights.
    """
    from torchvision import models

    network, dot, tag = name.partition(".")
    if network not in models.list_models():
        raise _unknown("torchvision", network, models.list_models())
    published = models.get_model_weights(network)
    if dot and tag not in published.__members__:
        known = ", ".join(published.__members__) or "it has none"
        raise UsageError(f"torchvision:{network} has no weights {tag!r}: {known}")
    if not len(published):
        return None
    return published[tag] if dot else published.DEFAULT


def torchvision_options(name: str, resolution: int) -> dict[str, Any]:
    """What torchvision needs to build a network for images of `resolution` pixels."""
    if name.startswith("vit_"):
        return {"image_size": resolution}
    return {"input_size": (resolution, resolution)} if name.startswith("maxvit_") else {}


def _weights_resolution(weights: Any) -> int:
    """The side of the images that weights were made for."""
    if weights is None:
        return _USUAL_RESOLUTION
    preset = weights.transforms()
    size = getattr(preset, "crop_size", None) or getattr(preset, "resize_size", None) or _USUAL_RESOLUTION
    return int(size[-1] if isinstance(size, Sequence) else size)


_BUILDERS: dict[str, Callable[[str, int | None, int | None], Foreign]] = {"timm": _timm, "torchvision": _torchvision}


def _unknown(library: str, name: str, known: Sequence[str]) -> UsageError:
    close = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {library}:{close[0]}?" if close else f"it has {len(known)}, such as {library}:{known[0]}"
    return UsageError(f"{library} has no network {name!r}: {remedy}")


def _build(name: str, builder: Callable[[], nn.Module]) -> nn.Module:
    with one_line(f"{name} cannot be built"):
        try:
            with torch.device("meta"):
                return builder()
        except NotImplementedError:
            # The builder computes its widths with small tensors, whose values it needs.
            with _WeightsOnMeta():
                return builder()


class _WeightsOnMeta(TorchFunctionMode):
    """Tensors without values, as layers ask for their weights, take no memory; all others are real."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = kwargs or {}
        return func(*args, **({**options, "device": "meta"} if func is torch.empty else options))


@contextmanager
def one_line(what: str) -> Iterator[None]:
    """Whatever another library raises as one line of ours (`UsageError`)."""
    try:
        yield
    except Exception as error:
        raise UsageError(f"{what}: {_reason(error)}; name another network or --resolution") from error


def _reason(error: Exception) -> str:
    if isinstance(error, NotImplementedError):
        return "what it does depends on values (as a detector's choice of boxes), and counting computes none"
    return str(error).strip().partition("\n")[0] or type(error).__name__
