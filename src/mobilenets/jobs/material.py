"""Photographs made ready for a run: opened, split, looked through, decoded once."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from mobilenets.data.audit import check_bad, duplicates
from mobilenets.data.cache import Advance, Centre, Pixels, Prepared, Shape, Some, Whole, prepare
from mobilenets.data.examples import Chosen, Examples, notes_of
from mobilenets.data.photos import Collection, Photo
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.split import split_collection
from mobilenets.data.unlabelled import is_unlabelled, open_unlabelled
from mobilenets.data.views import Distortion
from mobilenets.errors import UsageError
from mobilenets.files import expanded
from mobilenets.run import Run
from mobilenets.tasks.parts import Shows
from mobilenets.tasks.protocol import Task
from mobilenets.tasks.registry import task_named

# Random views are cut from photographs kept at this many times the network's side: enough for crops of half the side.
_ROOM = 1.5
_FRAMED_AREA, _AREA = 0.6, 0.25
_CROP = 0.875

Counting = Callable[[str, int], AbstractContextManager[Advance]]


@dataclass(frozen=True, slots=True)
class Part:
    """One split, ready: its examples and their pixels; where they were decoded before, only those that can be read."""

    examples: Examples
    pixels: Pixels

    @property
    def count(self) -> int:
        """How many photographs there are."""
        return len(self.examples.photos)


@dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from and is scored on. `notes` are to be told to the user; `digest` names all of it.

    `digest` follows from the names, labels, splits and fields of the photographs, and from the files' content unless
    `--cache-gb 0` leaves them unread until they are shown.
    """

    collection: Collection
    train: Part
    val: Part
    distortion: Distortion
    notes: tuple[str, ...]
    digest: str
    strict: bool

    def check_missing(self, missing: Mapping[str, str]) -> str | None:
        """The line on photographs that turned out unreadable on the way; raises `JobError` where they are too many."""
        return check_bad(missing, self.train.count + self.val.count, strict=self.strict)


def divided(run: Run) -> Collection:
    """The run's photographs, every one with a split: their own, or a seeded one."""
    task = task_named(run.task)
    collection = _opened(run, task)
    if collection.splits and "train" not in collection.splits:
        raise UsageError(
            f"{run.data} has {' and '.join(collection.splits)} and no train: there is nothing to learn from"
        )
    divide = split_collection if collection.unlabelled else task.divide
    return divide(collection, fraction=run.val_fraction, seed=run.seed)


def _opened(run: Run, task: type[Task]) -> Collection:
    """With a teacher photographs need no labels."""
    lesson = run.distillation
    if lesson.unlabelled:
        return open_unlabelled(run.data)
    if lesson.teacher and is_unlabelled(run.data):
        return open_unlabelled(run.data, keep_held_out=True)
    try:
        return task.open(run.data)
    except UsageError as error:
        if lesson.teacher and expanded(run.data).exists():
            raise UsageError(f"{error}; or take the photographs as --unlabelled") from error
        raise


def val_split(collection: Collection) -> str:
    """The split a run is followed on: val, or test where there is none."""
    return "val" if "val" in collection.splits else "test"


def preprocessing(run: Run, collection: Collection, task: Task) -> Preprocessing:
    """How photographs of this collection are shown to the network in evaluation."""
    crop = run.crop if run.crop is not None else (1.0 if collection.framed else _CROP)
    usual = Preprocessing(resolution=run.architecture.resolution, crop=crop, squash=run.squash)
    return task.shown(usual) if isinstance(task, Shows) else usual


def distortion(run: Run, collection: Collection) -> Distortion:
    """How photographs of this collection are varied in training."""
    settings = run.augmentation
    area = settings.min_area if settings.min_area is not None else (_FRAMED_AREA if collection.framed else _AREA)
    return Distortion(
        min_area=area,
        mirror=collection.mirror if settings.flip == "auto" else settings.flip == "on",
        colour=not collection.framed if settings.colour == "auto" else settings.colour == "on",
        mosaic=run.detection.mosaic,
        mosaic_epochs=int(run.detection.mosaic_until * run.epochs),
    )


def material(run: Run, collection: Collection, task: Task, shown: Preprocessing, *, counting: Counting) -> Material:
    """Open both splits, decode them into the cache, and say what is wrong with them.

    Raises `UsageError` or `JobError` where a split is empty or too many photographs cannot be read.
    """
    held_out = val_split(collection)
    train = task.examples(collection, "train")
    val = task.examples(collection, held_out)
    for split, examples in (("train", train), (held_out, val)):
        if not examples.photos:
            raise UsageError(
                f"{collection.name}: {split} has no photographs: put some there or give one undivided folder"
            )
    whole = Whole(round(_ROOM * shown.resolution))
    learnt = _prepared(run, train.photos, whole, counting("reading train", len(train.photos)))
    scored = _prepared(run, val.photos, Centre(shown), counting(f"reading {held_out}", len(val.photos)))
    notes = [
        *collection.notes,
        *notes_of(train),
        *notes_of(val),
        *(prepared.note for prepared in (learnt, scored) if prepared.note),
    ]
    bad = {**collection.bad, **learnt.bad, **scored.bad}
    left_out = check_bad(bad, len(collection.examples) + len(collection.bad), strict=run.strict)
    notes += [left_out] if left_out else []
    notes += duplicates(collection, {**_contents(train, learnt), **_contents(val, scored)})
    return Material(
        collection=collection,
        train=_part(train, learnt),
        val=_part(val, scored),
        distortion=distortion(run, collection),
        notes=tuple(notes),
        digest=_digest(collection, [*learnt.digests, *scored.digests]),
        strict=run.strict,
    )


def _digest(collection: Collection, contents: Sequence[str]) -> str:
    known = [(one.photo.name, one.label, one.split, sorted(one.fields.items())) for one in collection.examples]
    return hashlib.blake2b(repr((known, contents)).encode(), digest_size=16).hexdigest()


def _prepared(run: Run, photos: Sequence[Photo], shape: Shape, counted: AbstractContextManager[Advance]) -> Prepared:
    with counted as advance:
        threads = run.machine.threads or os.cpu_count() or 1
        return prepare(photos, shape, gigabytes=run.machine.cache_gb, threads=threads, advance=advance)


def _contents(examples: Examples, prepared: Prepared) -> dict[str, str]:
    """The hash of each readable photograph's content by name; empty where they were not looked through."""
    hashed = zip(examples.photos, prepared.digests, strict=False)
    return {photo.name: digest for photo, digest in hashed if photo.name not in prepared.bad}


def _part(examples: Examples, prepared: Prepared) -> Part:
    if not prepared.bad:
        return Part(examples, prepared.pixels)
    good = [place for place, photo in enumerate(examples.photos) if photo.name not in prepared.bad]
    return Part(Chosen(examples, good), Some(prepared.pixels, good))
