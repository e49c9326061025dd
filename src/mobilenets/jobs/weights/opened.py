"""Weights of any kind as one thing: published ones, a file of others, or a checkpoint of ours."""

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from mobilenets.checkpoint import MODEL, RUN, Description, read_description
from mobilenets.errors import UsageError
from mobilenets.jobs.start import task_of
from mobilenets.prediction.model import load_network, restore_task
from mobilenets.tasks.detect.task import Detect
from mobilenets.tasks.embed import Embed
from mobilenets.tasks.features import Features
from mobilenets.tasks.parts import NamesOutputs
from mobilenets.tasks.protocol import Task
from mobilenets.weights.coco import read_detector_names
from mobilenets.weights.fitting import Asked, Fitted
from mobilenets.weights.imagenet import read_class_names
from mobilenets.weights.published import Published
from mobilenets.weights.registry import find
from mobilenets.weights.source import AS_IT_IS, Source, find_source, fit_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A network with its weights and what is known of it. `published` is what the registry knows of the weights."""

    file: Path
    fitted: Fitted
    description: Description
    task: Task
    published: Published | None

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the outputs, where they have any."""
        return classes_of(self.task)


def classes_of(task: Task) -> tuple[str, ...] | None:
    """The names of what a task tells apart, where they have any."""
    if isinstance(task, Detect):
        return task.classes
    return tuple(task.labels) if isinstance(task, NamesOutputs) else None


def open_weights(
    source: str,
    *,
    asked: Asked = AS_IT_IS,
    classes_file: Path | None = None,
    console: Console | None = None,
) -> Opened:
    """Open a name of `list_weights`, a file of weights, a folder of timm or the hub, or a checkpoint of ours.

    `asked` and `classes_file` say what a file does not. Raises `UsageError` and `JobError` as `fitted` does, and
    `UsageError` where they are given for a checkpoint of ours, which says it all.
    """
    folder = _checkpoint(Path(source))
    if folder is None:
        found = find_source(source, console=console)
        return _of_others(found, fit_source(found, asked=asked), classes_file=classes_file)
    if asked != AS_IT_IS or classes_file is not None:
        raise UsageError(f"{folder} is a checkpoint of ours: its {RUN} says all that flags say of other files")
    return _of_ours(folder)


def _checkpoint(path: Path) -> Path | None:
    folder = path.parent if path.name == MODEL else path
    return folder if (folder / RUN).is_file() else None


def _of_ours(folder: Path) -> Opened:
    description = read_description(folder)
    task = restore_task(description, folder=folder)
    network = load_network(description, task, folder=folder)
    named = task if isinstance(task, NamesOutputs) else None
    classes = classes_of(task)
    fitted = Fitted(
        form="checkpoint",
        architecture=description.architecture,
        framework=task.settings.framework if isinstance(task, Detect) else None,
        layers=network.layers,
        state=network.state_dict(),
        outputs=len(classes or ()),
        dimension=task.settings.dimension if isinstance(task, Embed) else 0,
        preprocessing=description.preprocessing,
        classes=classes,
        quantisation=None,
        assumed=(),
        notes=(),
        exclusive=named is None or named.exclusive,
    )
    # Weights that were trained further are no longer those of the registry.
    published = find(description.source.partition(" ")[0]) if description.run is None else None
    return Opened(file=folder / MODEL, fitted=fitted, description=description, task=task, published=published)


def _of_others(source: Source, fitted: Fitted, *, classes_file: Path | None) -> Opened:
    if classes_file is not None:
        if not fitted.outputs:
            raise UsageError(f"{source.text} has no classifier to name the outputs of: leave --classes-file out")
        read = read_detector_names if fitted.framework else read_class_names
        fitted = replace(fitted, classes=read(classes_file, outputs=fitted.outputs))
    task = task_of(fitted) or Features()
    description = Description(
        task=task.name,
        task_state=task.state(),
        architecture=fitted.architecture,
        preprocessing=fitted.preprocessing,
        source=source.describe(),
    )
    return Opened(file=source.file, fitted=fitted, description=description, task=task, published=source.published)
