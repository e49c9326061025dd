"""The one predictor: photographs in, answers out, in order, in bounded memory."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from mobilenets.data.cache import Centre, ahead
from mobilenets.data.decode import decode
from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.views import Array
from mobilenets.prediction.model import Model
from mobilenets.tasks.protocol import Answer


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one photograph, or why there is none."""

    name: str
    answer: Answer | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    name: str
    pixels: Array | None = None
    error: str = ""


def predict(model: Model, photos: Iterable[Photo], *, batch: int, threads: int) -> Iterator[Prediction]:
    """Answers in the order of `photos`, which is read only as far ahead as a few batches.

    A photograph that cannot be read becomes a `Prediction` with its `error`, and the rest goes on.
    """
    shape = Centre(model.preprocessing)
    pool = ThreadPoolExecutor(threads)
    try:
        reads = ahead(pool, lambda photo: _read(photo, shape), photos, depth=2 * batch + threads)
        for together in _batched(reads, batch):
            yield from _answer(model, together)
    finally:
        # Whoever asks for no more answers does not wait for what was read ahead of them.
        pool.shutdown(cancel_futures=True)


def _batched(reads: Iterator[_Read], size: int) -> Iterator[list[_Read]]:
    while together := list(islice(reads, size)):
        yield together


def _read(photo: Photo, shape: Centre) -> _Read:
    try:
        return _Read(photo.name, shape(decode(photo.read(), at_least=shape.side)))
    except BadImage as error:
        return _Read(photo.name, error=str(error))


def _answer(model: Model, reads: Sequence[_Read]) -> Iterator[Prediction]:
    pixels = [read.pixels for read in reads if read.pixels is not None]
    answers: Iterator[Answer] = iter(())
    if pixels:
        images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
        answers = iter(model.task.answers(model(images)))
    for read in reads:
        yield Prediction(read.name, error=read.error) if read.pixels is None else Prediction(read.name, next(answers))
