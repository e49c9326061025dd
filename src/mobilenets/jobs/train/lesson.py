"""What a run has to know of its teacher beforehand: its outputs on held-out photographs, and on views that repeat."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from mobilenets.cache_folder import cache_folder
from mobilenets.checkpoint import read_tensors, write_tensors
from mobilenets.data.examples import Batch
from mobilenets.data.loader import Pick, load
from mobilenets.errors import JobError, UsageError
from mobilenets.files import write_whole
from mobilenets.jobs.material import Part
from mobilenets.jobs.train.job import Job, precision_of
from mobilenets.jobs.train.teacher import Beside, Teacher
from mobilenets.maths.distillation import projection
from mobilenets.settings import to_json
from mobilenets.tasks.distillation import Distilled, DistilledHead
from mobilenets.tasks.taught import Taught
from mobilenets.training.watch import counting

_FORMAT = 1
_BATCH = 64
_PROBED = 4
# Photographs, evenly spread: many more than there are directions of an embedding to tell apart.
_PROJECTED = 4096
_PROJECTION = "state/projection.safetensors"
_GIGABYTE = 1_000_000_000
# As of photographs: the cache folder keeps at most this many times what one run may take.
_KEEP = 3


def with_lesson(job: Job, teacher: Teacher, console: Console) -> Job:
    """The job with what its task asks of the teacher.

    Raises `UsageError` where the teacher's outputs take too much room, `JobError` where they are not finite or cannot
    be written.
    """
    task = job.task
    assert isinstance(task, Distilled) and isinstance(task.teach, Beside)
    lesson = _Lesson(job, teacher, task.teach, console)
    lesson.fit()
    material = job.material
    if isinstance(job.judge, Distilled):
        material = replace(material, val=lesson.held_out())
    if job.run.distillation.teacher_views:
        material = replace(material, train=lesson.repeated())
    if isinstance(task, DistilledHead):
        task = replace(task, recall=lesson.recall)
    if job.placed is not None:
        job.progress.notes.extend(lesson.notes())
    return replace(job, task=task, material=material)


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A job and its teacher, who is asked about whole parts."""

    job: Job
    teacher: Teacher
    teach: Beside
    console: Console

    @property
    def _shape(self) -> tuple[int, ...]:
        """Of what the student says of one photograph."""
        return self.job.task.layers(self.job.run.architecture)[-1].gives

    def fit(self) -> None:
        """See on a few photographs what the teacher says; vectors of another width than the student's are projected."""
        name = self.teacher.origin.teacher
        places = range(min(self.job.material.val.count, _PROBED))
        for _, said in self._asked(self.job.material.val, places, views=0):
            if not said.isfinite().all():
                raise JobError(f"the outputs of the teacher {name} are not finite: its weights are damaged, use others")
            if said.shape[1:] == self._shape:
                continue
            if len(self._shape) > 1:
                raise UsageError(
                    f"--teacher {name} answers for {_boxes(said.shape[1:])} and the run for {_boxes(self._shape)}: use "
                    "a detector of the same framework, maps and resolution"
                )
            self.teach.matrix = self._projection()

    def _projection(self) -> Tensor:
        """Found once, by the first process, for all of them and for a run that goes on."""
        job, file = self.job, self.job.run.out / _PROJECTION
        begins = job.group.leads and job.placed is not None
        if begins:
            places = range(0, job.material.train.count, -(-job.material.train.count // _PROJECTED))
            said = [outputs for _, outputs in self._asked(job.central, places, views=0)]
            write_tensors(file, {"matrix": projection(torch.cat(said), width=self._shape[0])}, {})
        return read_tensors(file).tensors["matrix"]

    def notes(self) -> Iterator[str]:
        """What is to be told when the run begins."""
        name, model = self.teacher.origin.teacher, self.teacher.model
        side = model.preprocessing.resolution
        yield f"the teacher {name} is shown the very views that the student sees, at {side} x {side} pixels"
        yield from (f"the teacher: {note}" for note in model.notes)
        if self.teach.matrix is not None:
            theirs = len(self.teach.matrix)
            yield f"the teacher's {theirs:,} numbers are projected to the student's {self._shape[0]:,}, lengths kept"
        if self.teach.columns is not None:
            yield f"the {len(self.teach.columns):,} classes are matched by name with the teacher's"
        if isinstance(self.job.task, Distilled) and not self.job.task.labelled:
            yield "the photographs to learn from have no labels: only the teacher teaches"
        if isinstance(self.job.judge, Distilled):
            yield "the held-out photographs have no labels: their score is agreement with the teacher, right or wrong"

    def held_out(self) -> Part:
        """The held-out photographs with what the teacher says of them, which is what the student is scored by."""
        part = self.job.material.val
        outputs = np.full((1, part.count, *self._shape), np.nan, np.float32)
        with counting(self.console, "the teacher on held-out photographs", total=part.count) as advance:
            for batch, said in self._asked(part, range(part.count), views=0):
                outputs[0, batch.places] = said
                advance(len(batch))
        return Part(Taught(part.examples, outputs), part.pixels)

    def recall(self, places: Tensor, check: Callable[[], None]) -> Tensor:
        """What the teacher says of training photographs as evaluation shows them."""
        several, rows = torch.unique(places, return_inverse=True)
        outputs = torch.full((len(several), *self._shape), torch.nan)
        for batch, said in self._asked(self.job.central, several.tolist(), views=0):
            outputs[torch.searchsorted(several, batch.places)] = said
            check()
        return outputs[rows]

    def repeated(self) -> Part:
        """The training photographs with what the teacher says of each of their views, from the cache folder."""
        part, views = self.job.material.train, self.job.run.distillation.teacher_views
        size, limit = views * part.count * math.prod(self._shape) * 4, self.job.run.machine.cache_gb * _GIGABYTE
        if size > limit:
            raise UsageError(
                f"teacher-views {views}: the teacher's outputs would take {size / _GIGABYTE:.2g} GB of cache, over the "
                f"limit of {limit / _GIGABYTE:g} GB: use fewer views, a larger --cache-gb, or none of both"
            )
        file = cache_folder() / "teachers" / f"{self._key()}.npy"
        shape = (views, part.count, *self._shape)
        if not _is_whole(file, shape):
            write_whole(file, lambda temporary: self._fill(temporary, shape))
        file.touch()
        _forget_oldest(file, keep=_KEEP * limit)
        return Part(Taught(part.examples, np.load(file, mmap_mode="r")), part.pixels)

    def _fill(self, file: Path, shape: tuple[int, ...]) -> None:
        part = self.job.material.train
        outputs = np.lib.format.open_memmap(file, "w+", np.float32, shape)
        with counting(self.console, "the teacher on training photographs", total=shape[0] * shape[1]) as advance:
            for view in range(shape[0]):
                for batch, said in self._asked(part, range(part.count), views=shape[0], view=view):
                    outputs[view, batch.places] = said
                    advance(len(batch))
        outputs.flush()

    def _key(self) -> str:
        """All that the outputs follow from."""
        job, model = self.job, self.teacher.model
        known = [
            _FORMAT,
            self.teacher.origin.sha256,
            to_json(model.preprocessing),
            str(precision_of(job.run, job.group.device)),
            None if self.teach.columns is None else self.teach.columns.tolist(),
            self._shape,
            job.material.digest,
            job.description.preprocessing.resolution,
            asdict(job.material.distortion),
            job.run.seed,
            job.run.distillation.teacher_views,
        ]
        return hashlib.blake2b(json.dumps(known).encode(), digest_size=16).hexdigest()

    def _asked(self, part: Part, places: Sequence[int], *, views: int, view: int = 0) -> Iterator[tuple[Batch, Tensor]]:
        """What the teacher says of photographs: as they stand or, with `views`, of one of their random views."""
        picks = [Pick(view, tuple(places[start : start + _BATCH])) for start in range(0, len(places), _BATCH)]
        for batch in load(self.job.batches(part, learning=views > 0), picks, workers=self.job.workers):
            if len(batch):
                yield batch, self.teach(batch.to(self.job.group.device)).cpu()


def _boxes(shape: tuple[int, ...]) -> str:
    return f"{shape[0]:,} boxes of {shape[1]} numbers"


def _is_whole(file: Path, shape: tuple[int, ...]) -> bool:
    try:
        found = np.load(file, mmap_mode="r")
    except (OSError, ValueError):
        return False
    return found.shape == shape and found.dtype == np.float32


def _forget_oldest(file: Path, *, keep: float) -> None:
    """Remove outputs that were asked for longest ago until the rest take at most `keep` bytes."""
    files = sorted(file.parent.glob("[!.]*.npy"), key=lambda one: one.stat().st_mtime, reverse=True)
    total = 0
    for one in files:
        total += one.stat().st_size
        if total > keep and one != file:
            one.unlink(missing_ok=True)
