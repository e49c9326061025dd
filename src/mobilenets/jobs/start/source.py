"""What `--weights` names: a checkpoint folder, a file of published weights, or published weights by their name."""

from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from mobilenets.checkpoint import MODEL, RUN, Origin, read_description, read_tensors
from mobilenets.data.preprocess import Preprocessing
from mobilenets.files import expanded
from mobilenets.prediction.model import restore_task
from mobilenets.run import Architecture, Detection, Embedding
from mobilenets.tasks.classify import Classify
from mobilenets.tasks.detect.task import Detect
from mobilenets.tasks.embed import Embed
from mobilenets.tasks.protocol import Task
from mobilenets.weights.coco import detector_numbers
from mobilenets.weights.fitting import Asked, Fitted
from mobilenets.weights.hub import sha256_of
from mobilenets.weights.source import Source, find_source, fit_source

_SAYABLE = ("padding", "activation", "resolution")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingWeights:
    """Weights in our layout, whatever they came in: `state` is the state_dict of the network of `architecture`.

    `task` is what their head answers, where that is known. `where` is the file that
    messages name; `notes` are to be told.
    """

    origin: Origin
    where: Path
    architecture: Architecture
    preprocessing: Preprocessing
    task: Task | None
    state: dict[str, Tensor]
    notes: tuple[str, ...] = ()


def open_weights(source: str, *, asked: Architecture | None = None) -> StartingWeights:
    """Read what `--weights` names: a path that is there goes before a name.

    Where a file says nothing of its padding, activation or resolution, `asked` does. Raises `UsageError` where
    `source` names nothing or what it names is not whole, `JobError` where published weights cannot be fetched.
    """
    folder = expanded(source)
    return _of_checkpoint(source, folder) if (folder / RUN).is_file() else _published(source, asked)


def trained_architecture(weights: StartingWeights) -> Architecture:
    """The network that a run from these weights trains unless its flags say otherwise: with batch norm, always."""
    theirs = weights.architecture
    return replace(theirs, norm=True, dropout=Architecture.dropout)


def _of_checkpoint(source: str, folder: Path) -> StartingWeights:
    description = read_description(folder)
    task = restore_task(description, folder=folder)
    state = read_tensors(folder / MODEL).tensors
    return StartingWeights(
        origin=Origin(source, sha256_of(folder / MODEL)),
        where=folder / MODEL,
        architecture=description.architecture,
        preprocessing=description.preprocessing,
        task=task,
        state=state,
    )


def _published(source: str, asked: Architecture | None) -> StartingWeights:
    found = find_source(str(expanded(source)))
    fitted = _fitted(found, asked)
    known = found.published
    return StartingWeights(
        origin=Origin(f"{known.name} ({known.source.address})" if known else source, sha256_of(found.file)),
        where=found.file,
        architecture=fitted.architecture,
        preprocessing=fitted.preprocessing,
        task=task_of(fitted),
        state=fitted.state,
        notes=fitted.notes,
    )


def task_of(fitted: Fitted) -> Task | None:
    """What the head of published weights answers; None where they have none."""
    if fitted.framework and fitted.classes:
        return Detect(fitted.classes, detector_numbers(fitted.outputs), Detection(framework=fitted.framework))
    if fitted.dimension:
        return Embed(Embedding(dimension=fitted.dimension))
    return Classify(fitted.classes) if fitted.classes else None


def _fitted(found: Source, asked: Architecture | None) -> Fitted:
    """The file's own network; what was only taken to be usual is what is asked for."""
    fitted = fit_source(found)
    if asked is None:
        return fitted
    unsaid = [name for name in _SAYABLE if name in fitted.assumed]
    other = {
        name: getattr(asked, name) for name in unsaid if getattr(asked, name) != getattr(fitted.architecture, name)
    }
    return fit_source(found, asked=Asked(**other)) if other else fitted
