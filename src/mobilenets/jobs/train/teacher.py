"""The teacher of a run: any network that answers, opened and shown the very views that its student sees."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobilenets.checkpoint import MODEL, TeacherOrigin, read_description
from mobilenets.data.examples import Batch
from mobilenets.data.photos import Collection
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.unlabelled import nothing_known
from mobilenets.deployment.artefact import is_artefact, read_artefact
from mobilenets.errors import UsageError
from mobilenets.files import expanded
from mobilenets.jobs.models import AnyModel, load_any
from mobilenets.jobs.train.job import precision_of
from mobilenets.maths.distillation import projected
from mobilenets.network.pretrained import is_foreign
from mobilenets.prediction.evaluate import has_loss
from mobilenets.prediction.model import Model
from mobilenets.run import Run
from mobilenets.tasks.comparison import comparison
from mobilenets.tasks.distillation import Distilled, distilled
from mobilenets.tasks.parts import Distils
from mobilenets.tasks.protocol import Task, TaskSettings
from mobilenets.tasks.registry import task_named
from mobilenets.tasks.teachers import matching_outputs
from mobilenets.weights.hub import sha256_of


@dataclass(frozen=True, slots=True)
class Teacher:
    """A network that teaches, and where it comes from."""

    model: AnyModel
    origin: TeacherOrigin


def open_teacher(run: Run, device: torch.device, *, resumed: bool) -> Teacher:
    """Open what `--teacher` names: a checkpoint, an artefact in its own runtime, another library's network.

    Raises `UsageError` where it cannot be opened, and for a run that goes on where it is not the same any more.
    """
    source = run.distillation.teacher
    assert source is not None
    named: str | Path = source if is_foreign(source) else expanded(source)
    if isinstance(named, Path) and named.resolve() == run.out.resolve():
        raise UsageError(f"--teacher {source} is --out too, and would be written over: choose another folder")
    try:
        model = load_any(named, device="cpu", weights=run.distillation.teacher_weights)
        teacher = Teacher(model, TeacherOrigin(source, _sha256(model, named)))
    except UsageError as error:
        raise UsageError(f"--teacher {source}: {error}") from error
    if not has_loss(model.task):
        raise UsageError(f"--teacher {source} gives answers alone, and nothing to learn from: name its checkpoint")
    before = read_description(run.out).teacher if resumed else None
    if before is not None and before.sha256 != teacher.origin.sha256:
        raise UsageError(
            f"the teacher {source} changed since the run in {run.out} began (its SHA-256 was {before.sha256[:12]}... "
            f"and is {teacher.origin.sha256[:12]}...): put that one back, or start a new run"
        )
    if not isinstance(model, Model):
        return teacher
    model.network.to(device=device)
    return replace(teacher, model=replace(model, device=device, precision=precision_of(run, device)))


def _sha256(model: AnyModel, source: str | Path) -> str:
    if isinstance(source, str):
        assert isinstance(model, Model)
        return _of_tensors(model.network)
    return sha256_of(read_artefact(source).model if is_artefact(source) else source / MODEL)


def _of_tensors(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def taught_task(run: Run, collection: Collection, settings: TaskSettings, teacher: Teacher) -> Distilled:
    """The task of the run, learnt from the teacher; where photographs have no labels, the teacher's own task.

    Raises `UsageError` where the teacher answers another question.
    """
    labelled = not nothing_known(collection, "train")
    learnt = task_named(run.task).learn(collection, settings=settings) if labelled else None
    theirs = teacher.model.task
    try:
        inner = learnt or _again(theirs, name=run.task)
        columns = matching_outputs(inner, theirs)
    except UsageError as error:
        raise UsageError(f"--teacher {teacher.origin.teacher}: {error}") from error
    asked = run.distillation
    beside = Beside(teacher.model, comparison(inner), columns)
    return distilled(inner, beside, temperature=asked.temperature, share=asked.teacher_share, labelled=labelled)


def _again(task: Task, *, name: str) -> Task:
    """A task of a teacher for its student; raises `UsageError` where the run is for another."""
    if task.name != name:
        raise UsageError(f"it was trained for {task.name} and the run is for {name}: use --task {task.name}")
    return task_named(name).restore(task.state())


class Beside:
    """A teacher that is run beside its student, on the very same views.

    Calling it takes a batch and gives those of the teacher's outputs that stand for the student's, in their order;
    vectors of another width than the student's go through `matrix`.
    """

    def __init__(self, model: AnyModel, compares: Distils, columns: tuple[int, ...] | None) -> None:
        self.model = model
        self._compares = compares
        self.columns = None if columns is None else torch.tensor(columns)
        self.matrix: Tensor | None = None
        self._said: tuple[Batch, Tensor] | None = None

    def __call__(self, batch: Batch) -> Tensor:
        # A step asks twice: for its loss, and for the figures that are followed.
        if self._said is None or self._said[0] is not batch:
            self._said = (batch, self._says(batch))
        return self._said[1]

    def _says(self, batch: Batch) -> Tensor:
        outputs = self.model(shown_to(batch, self.model.preprocessing).to(self.model.device))
        if self.columns is not None:
            outputs = self._compares.chosen(outputs, self.columns.to(outputs.device))
        outputs = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
        if self.matrix is not None:
            outputs = projected(outputs, self.matrix.to(outputs))
        # A copy outside of inference mode is one that a loss may be computed from.
        return outputs.to(batch.images.device).clone()


def shown_to(batch: Batch, preprocessing: Preprocessing) -> Tensor:
    """A batch's views, colours and all, as bytes at the resolution of another network than they were cut for.

    The view is the student's, so that of the preprocessing only the resolution and the way of scaling count here.
    """
    images, side = batch.coloured(), preprocessing.resolution
    if images.shape[-2:] != (side, side):
        mode = "bicubic" if preprocessing.interpolation == "bicubic" else "bilinear"
        images = F.interpolate(images.float(), (side, side), mode=mode, antialias=True)
    return images if images.dtype == torch.uint8 else images.round().clamp(0, 255).to(torch.uint8)
