"""A model ready to answer, from a checkpoint or another library: the network, its task, its preprocessing."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from mobilenets.checkpoint import MODEL, Description, load_weights, read_description, read_tensors
from mobilenets.data.imagenet_names import names as imagenet_names
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.errors import UsageError
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.network.pretrained import Pretrained, is_foreign, load_foreign
from mobilenets.tasks.classify import Classify
from mobilenets.tasks.protocol import Task
from mobilenets.tasks.registry import task_named
from mobilenets.weights.imagenet import class_names

_DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, slots=True)
class Model:
    """Calling it takes (N, 3, resolution, resolution) bytes on its device and gives the network's outputs.

    `notes` are to be told to the user: whose weights these are if not the published ones, what its classes are called.
    """

    network: nn.Module
    task: Task
    preprocessing: Preprocessing
    device: torch.device
    precision: torch.dtype = torch.float32
    notes: tuple[str, ...] = ()

    def __call__(self, images: Tensor) -> Tensor:
        with torch.inference_mode(), torch.autocast(self.device.type, self.precision, enabled=self._autocast):
            floats = scale(images.to(self.device, non_blocking=True), self.preprocessing)
            outputs: Tensor = self.network(floats.contiguous(memory_format=torch.channels_last))
            return outputs

    @property
    def _autocast(self) -> bool:
        return self.precision != torch.float32


def restore_task(description: Description, *, folder: Path) -> Task:
    """The task a checkpoint was trained for."""
    try:
        return task_named(description.task).restore(description.task_state)
    except UsageError as error:
        raise UsageError(f"{folder}: {error}") from None


def load_network(description: Description, task: Task, *, folder: Path) -> Network:
    """The checkpoint's network with its weights, ready for training or evaluation."""
    network = Network(task.layers(description.architecture), dropout=description.architecture.dropout)
    load_weights(network, read_tensors(folder / MODEL).tensors, where=folder / MODEL)
    return network


def load(
    source: str | Path, *, device: torch.device, weights: str | None = None, resolution: int | None = None
) -> Model:
    """A model by the folder of its checkpoint, or by its name in another library (`timm:NAME`, `torchvision:NAME`).

    `weights` is for the latter (see `load_foreign`). `resolution` is what it is shown, in pixels; unset, what it was
    trained for. Raises `UsageError` for a bad checkpoint, an unknown name and a resolution that it does not take, and
    `JobError` where published weights cannot be fetched.
    """
    if isinstance(source, str) and is_foreign(source):
        model = _foreign(load_foreign(source, weights=weights, resolution=resolution))
    elif weights is not None:
        raise UsageError(
            f"--weights {weights} is for timm:NAME and torchvision:NAME: the checkpoint {source} has its own"
        )
    else:
        model = _checkpoint(Path(source), resolution)
    model.network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return replace(model, device=device)


def _checkpoint(folder: Path, resolution: int | None) -> Model:
    """Batch norm folded. The layers are laid anew for another resolution, whose SAME padding may be another."""
    description = read_description(folder)
    if resolution is not None:
        description = replace(
            description,
            architecture=replace(description.architecture, resolution=resolution),
            preprocessing=replace(description.preprocessing, resolution=resolution),
        )
    task = restore_task(description, folder=folder)
    network = fold(load_network(description, task, folder=folder).eval())
    return Model(network, task, description.preprocessing, torch.device("cpu"))


def _foreign(loaded: Pretrained) -> Model:
    """Another library's network as a classifier, shown photographs as that library shows them."""
    classes = loaded.classes or class_names(loaded.outputs)
    notes = loaded.notes
    if loaded.classes:
        notes += (f"the {len(classes):,} classes of {loaded.name} are called by their wnids",)
    elif classes[-1] != imagenet_names()[-1]:
        notes += (f"the {len(classes):,} classes of {loaded.name} have no names here: {classes[0]}, {classes[1]}, ...",)
    shown = Preprocessing(
        resolution=loaded.resolution,
        crop=loaded.crop,
        squash=loaded.squash,
        mean=loaded.mean,
        std=loaded.std,
        interpolation=loaded.interpolation,
    )
    return Model(loaded.module, Classify(classes), shown, torch.device("cpu"), notes=notes)


def choose_device(asked: str) -> torch.device:
    """The device for "auto", "cpu" or "cuda"; raises `UsageError` for another word and where there is no GPU."""
    if asked not in _DEVICES:
        raise UsageError(f"device {asked!r} is unknown: use one of {', '.join(_DEVICES)}")
    if asked == "cuda" and not torch.cuda.is_available():
        raise UsageError("device cuda: this machine has no GPU that torch can use; use --device cpu")
    return torch.device("cuda" if asked != "cpu" and torch.cuda.is_available() else "cpu")
