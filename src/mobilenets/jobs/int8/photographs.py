"""The photographs that an 8-bit file is calibrated with, and those that it is measured on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.examples import Examples
from mobilenets.data.inputs import photographs
from mobilenets.data.photos import BadImage, Collection, Photo
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.shapes import Centre, shaped
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.jobs.evaluate import with_training_split
from mobilenets.jobs.source import Source
from mobilenets.tasks.protocol import Task

FEWEST = 8
"""Ranges of fewer photographs than this say next to nothing."""
_HELD_OUT = 0.2


@dataclass(frozen=True, slots=True)
class Material:
    """`calibrating` photographs and `measuring` examples, where they come from, and what must be said of them."""

    calibrating: "Seeded"
    calibrated_on: str
    measuring: Examples
    measured_on: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Seeded:
    """Photographs in an order that follows from the seed, as the network is shown them."""

    photos: Sequence[Photo]
    shown: Preprocessing
    seed: int
    _read: list[NDArray[np.uint8]] = field(default_factory=list, repr=False)
    _asked: list[str] = field(default_factory=list, repr=False)

    def first(self, count: int) -> NDArray[np.uint8]:
        """The first `count` that can be read, or all there are, (N, H, W, 3); more begin with the same."""
        order = np.random.default_rng(self.seed).permutation(len(self.photos))
        for place in order[len(self._asked) :]:
            if len(self._read) >= count:
                break
            self._asked.append(self.photos[place].name)
            try:
                self._read.append(shaped(self.photos[place].read(), Centre(self.shown)))
            except BadImage:
                continue
        side = self.shown.resolution
        return np.stack(self._read[:count]) if self._read else np.empty((0, side, side, 3), np.uint8)


def material(source: Source, *, data: str | None, measure_on: str | None, seed: int) -> Material:
    """The training photographs of `data` to calibrate with; its held-out ones, or those of `measure_on`, to measure on.

    Raises `UsageError` where there is nothing to calibrate with, or nothing with labels to measure on.
    """
    if data is None:
        raise UsageError("--precision int8 needs photographs like those it will see: give them with --data")
    shown = source.description.preprocessing
    if measure_on is not None:
        photos = _to_calibrate(data, source.task)
        measured, split, notes = _held_out(measure_on, source, whole=True, seed=seed)
    else:
        measured, split, notes = _held_out(data, source, whole=False, seed=seed)
        photos = [one.photo for one in measured.part("train")]
        if not photos:
            raise UsageError(
                f"{data} has {' and '.join(measured.splits)} and no train to calibrate with: give other photographs "
                "to measure on with --measure-on"
            )
    return Material(
        calibrating=Seeded(photos, shown, seed),
        calibrated_on=Path(data).name,
        measuring=_examples(source, measured, split),
        measured_on=f"{split} of {measured.name}" if split else measured.name,
        notes=notes,
    )


def calibration_images(calibrating: Seeded, *, count: int, data: str) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """`count` photographs, with a note where there are fewer; raises `UsageError` where there are too few."""
    images = calibrating.first(count)
    if len(images) < FEWEST:
        raise UsageError(
            f"{data} has {counted(len(images), 'readable photograph')} to calibrate with, and ranges of so few say "
            f"little: give {FEWEST} or more"
        )
    if len(images) < count:
        return images, (f"calibrated with {len(images)} photographs where {count} were asked for: there are no more",)
    return images, ()


def _to_calibrate(data: str, task: Task) -> list[Photo]:
    """The training part where there is one, all photographs otherwise; labels are not needed."""
    try:
        collection = task.open(data)
    except UsageError:
        return list(photographs([data]))
    return [one.photo for one in collection.part("train") or collection.examples]


def _held_out(data: str, source: Source, *, whole: bool, seed: int) -> tuple[Collection, str | None, tuple[str, ...]]:
    """The collection, and its split to measure on (None: all of it, as where it is for nothing else)."""
    try:
        collection, notes = with_training_split(source.task.open(data), source.folder)
    except UsageError as error:
        raise UsageError(
            f"the accuracy of the int8 file cannot be measured: {error}; name labelled photographs with --measure-on"
        ) from None
    if not collection.splits:
        if whole:
            return collection, None, notes
        collection = source.task.divide(collection, fraction=_HELD_OUT, seed=seed)
        notes = (*notes, *collection.notes)
    split = next((one for one in ("val", "test", "train") if one in collection.splits), "val")
    if split == "train" and not whole:
        raise UsageError(
            f"{data} has train and nothing held out to measure the int8 file on: name labelled photographs with "
            "--measure-on"
        )
    return collection, split, notes


def _examples(source: Source, collection: Collection, split: str | None) -> Examples:
    if split is None:
        split = "val"
        collection = replace(collection, examples=tuple(replace(one, split=split) for one in collection.examples))
    try:
        examples = source.task.examples(collection, split)
    except UsageError as error:
        raise UsageError(
            f"the accuracy of the int8 file cannot be measured: {error}; or name others with --measure-on"
        ) from None
    if not examples.photos:
        raise UsageError(
            f"{split} of {collection.name} has no labelled photographs to measure the int8 file on: name some with "
            "--measure-on"
        )
    return examples
