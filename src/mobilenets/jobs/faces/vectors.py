"""Photographs to vectors of length one, by any model that gives embeddings."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobilenets.checkpoint import MODEL
from mobilenets.data.faces.aligned import AlignedPhoto
from mobilenets.data.faces.detector import check_detector
from mobilenets.data.photos import Photo
from mobilenets.deployment.artefact import is_artefact, read_artefact
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.models import AnyModel, load_any
from mobilenets.prediction.predict import Prediction, predict
from mobilenets.tasks.embed import Embed, Vector
from mobilenets.tasks.embed_rates import Threshold
from mobilenets.weights.hub import sha256_of

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Embedder:
    """A model that gives embeddings. `weights` is the SHA-256 of its weights: vectors of others are other vectors.

    With `align` it is shown the face that is found in a photograph, aligned.
    """

    model: AnyModel
    task: Embed
    weights: str
    align: bool = False

    @property
    def identity(self) -> dict[str, str]:
        """What vectors have to have in common to be compared: the weights, and how photographs are shown to them."""
        return {"weights": self.weights, "shown": self.model.preprocessing.words}

    def predictions(self, photos: Iterator[Photo]) -> Iterator[Prediction]:
        """The vector of each photograph, in order, or why there is none."""
        if self.align:
            side = self.model.preprocessing.resolution
            photos = (AlignedPhoto(photo, side) for photo in photos)
        return predict(self.model, photos, batch=_BATCH, threads=os.cpu_count() or 1)

    def vectors(self, photos: Sequence[Photo]) -> NDArray[np.float32]:
        """(N, dimension) of photographs all of which have to be usable; raises `JobError` that names the first."""
        rows = []
        for prediction in self.predictions(iter(photos)):
            if not isinstance(prediction.answer, Vector):
                raise JobError(f"{prediction.name} cannot be used: {prediction.error}")
            rows.append(prediction.answer.values)
        return np.stack(rows)


def load_embedder(model: str | Path, *, device: str, aligned: bool = False, align: bool = False) -> Embedder:
    """The checkpoint or artefact of an embedding; `aligned` faces are shown to it whole, not cropped.

    With `align` faces are found and aligned first. Raises `UsageError` as `load_any` does, for another task, for both
    flags, and where `align` lacks what finds faces.
    """
    if align and aligned:
        raise UsageError("--aligned says that faces are cropped already, and --align crops them: use one")
    if align:
        check_detector()
    loaded = load_any(model, device=device)
    if aligned or align:
        loaded = replace(loaded, preprocessing=replace(loaded.preprocessing, crop=1.0, up=0.0))
    if not isinstance(loaded.task, Embed):
        raise UsageError(
            f"{model} is of the task {loaded.task.name}, whose answers cannot be compared: use a model of embed"
        )
    return Embedder(loaded, loaded.task, _weights(Path(model)), align)


def _weights(folder: Path) -> str:
    return sha256_of(read_artefact(folder).model if is_artefact(folder) else folder / MODEL)


def needed_threshold(embedder: Embedder, asked: float | None, *, model: str | Path) -> tuple[float, Threshold | None]:
    """The squared distance to decide by: what is asked for, or the model's own with what is known of it.

    Raises `UsageError` for one outside [0, 4] and where the model has none.
    """
    if asked is not None:
        if not 0 <= asked <= 4:  # noqa: PLR2004 (unit vectors are no farther apart)
            raise UsageError(f"threshold {asked:g} is outside [0, 4]: squared distances of unit vectors lie there")
        return asked, None
    own = embedder.task.threshold
    if own is None:
        raise UsageError(
            f"{model} has no threshold: set one with `mobilenets threshold PHOTOS --model {model}`, "
            "or give --threshold, a squared distance"
        )
    return own.distance, own
