"""A starting point from text: published weights by name, a file of weights, or the folder of one."""

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from mobilenets.errors import UsageError
from mobilenets.files import expanded
from mobilenets.weights.coco import as_detector_names, detector_names
from mobilenets.weights.fitting import Asked, Fitted, fit
from mobilenets.weights.found import Found
from mobilenets.weights.hub import fetch, sha256_of
from mobilenets.weights.imagenet import class_names, told_apart
from mobilenets.weights.published import Published
from mobilenets.weights.read import read_weights
from mobilenets.weights.registry import by_checksum, find, guess

# What a folder of timm or Hugging Face holds, the safe form first.
_IN_FOLDERS = ("model.safetensors", "pytorch_model.bin")
_OUR_OWN = "run.json"
# Published files have 30 MB at most: no need to read through others for their checksum.
_MOST_PUBLISHED = 100_000_000
AS_IT_IS = Asked()


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a text stands for; `published` is what the registry knows of it, by its name or its checksum."""

    text: str
    file: Path
    published: Published | None = None

    def describe(self) -> str:
        """Where the weights come from, for `run.json`: no path of this machine, and the file's checksum."""
        where = f"{self.published.name} ({self.published.source.address})" if self.published else self.file.name
        return f"{where}, sha256 {sha256_of(self.file)}"


def find_source(text: str, *, console: Console | None = None) -> Source:
    """The file of a name of `weights list`, a path or a folder; published weights are fetched if need be.

    A path that is there goes before a name. Raises `UsageError` for what is neither, with a guess, and `JobError`
    where published weights cannot be fetched.
    """
    path = expanded(text)
    if _is_there(path):
        return Source(text, _in_folder(path)) if path.is_dir() else Source(text, path, _recognised(path))
    published = find(text)
    if published is None:
        raise UsageError(f"{text!r} is no file, and no published weights are called so: {guess(text)}")
    return Source(text, fetch(published.source, console=console), published)


def _is_there(path: Path) -> bool:
    """A text that no file system takes as a path (too long, a null in it) is no path."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _recognised(file: Path) -> Published | None:
    """Published weights under whatever name they were saved."""
    return by_checksum(sha256_of(file)) if file.is_file() and file.stat().st_size <= _MOST_PUBLISHED else None


def _in_folder(folder: Path) -> Path:
    file = next((folder / name for name in _IN_FOLDERS if (folder / name).is_file()), None)
    if (folder / _OUR_OWN).is_file():
        raise UsageError(f"{folder} is a checkpoint of ours and not the weights of others: give it as the model itself")
    if file is None:
        raise UsageError(f"{folder} holds no {' or '.join(_IN_FOLDERS)}: give a file, or a folder of timm or the hub")
    return file


def fitted(source: str, *, asked: Asked = AS_IT_IS, console: Console | None = None) -> Fitted:
    """One of our networks with the weights that `source` stands for: see `find_source` and `fit`.

    What `asked` says goes before what the registry says, and that before what the file says. Outputs without names
    of their own, and all those of published weights, are named by `class_names`. Raises `UsageError` and
    `JobError` as these do.
    """
    return fit_source(find_source(source, console=console), asked=asked)


def fit_source(source: Source, *, asked: Asked = AS_IT_IS) -> Fitted:
    """As `fitted`, of a file that is there. Raises `UsageError` where it holds none of our networks."""
    found = read_weights(source.file)
    published = source.published
    result = fit(_as_published(found, published), asked, where=str(source.file))
    if published is None:
        return replace(result, classes=_named(result))
    return replace(result, classes=class_names(result.outputs) if result.outputs else None)


def _as_published(found: Found, published: Published | None) -> Found:
    """With what is known of the weights, some of which stands in no file of theirs, or in one that is not there."""
    if published is None:
        return found
    return replace(
        found,
        padding=published.padding,
        activation=published.activation,
        resolution=published.resolution,
        mean=published.mean,
        std=published.std,
        crop=published.crop,
        squash=published.squash,
        interpolation=published.interpolation,
    )


def _named(result: Fitted) -> tuple[str, ...] | None:
    if not result.outputs:
        return None
    if result.framework:
        count = result.outputs
        return as_detector_names(result.classes, outputs=count) if result.classes else detector_names(count)
    return told_apart(result.classes) if result.classes else class_names(result.outputs)
