"""Networks of other libraries with weights: those the library publishes, those of a file, or random ones."""

from collections.abc import Callable
from pathlib import Path

from mobilenets.network.foreign import LIBRARIES, Foreign, one_line, split_name
from mobilenets.network.pretrained.of_timm import load_timm
from mobilenets.network.pretrained.of_torchvision import load_torchvision
from mobilenets.network.pretrained.shared import RANDOM, Pretrained

__all__ = ["RANDOM", "Pretrained", "is_foreign", "load_foreign"]

_LOADERS: dict[str, Callable[[str, str | None, int | None], Pretrained]] = {
    "timm": load_timm,
    "torchvision": load_torchvision,
}


def is_foreign(source: str) -> bool:
    """Whether a source is written as a library's network, `timm:NAME`, and not as a path (nor as `C:/run`)."""
    library, colon, _ = source.partition(":")
    if not colon or library in LIBRARIES:
        return bool(colon)
    return len(library) > 1 and library.isidentifier() and not Path(source).exists()


def load_foreign(name: str, *, weights: str | None = None, resolution: int | None = None) -> Pretrained:
    """Build `timm:NAME` or `torchvision:NAME` with weights, in evaluation mode on the CPU.

    `weights` is a file that holds a state dict, or "none" for random ones (the same each time); unset, those that the
    library publishes, from its own cache or fetched into it. `resolution` unset is what the weights were made for.
    Side heads are left out or, in evaluation, not asked. Raises `UsageError` for an unknown name, a network that is
    no classifier, a resolution that it does not take and weights that do not fit, `JobError` where published weights
    cannot be fetched.
    """
    library, network = split_name(name)
    loaded = _LOADERS[library](network, weights, resolution)
    loaded.module.eval()
    if resolution is not None:
        with one_line(f"{name} takes no photographs of {resolution} x {resolution} pixels"):
            Foreign(name, loaded.module, (3, resolution, resolution)).count()
    return loaded
