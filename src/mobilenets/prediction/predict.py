"""The one predictor: photographs in, answers out, in order, in bounded memory."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mobilenets.data.cache import Centre, ahead
from mobilenets.data.decode import decode_sized
from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.views import Array
from mobilenets.errors import JobError
from mobilenets.tasks.parts import Placed
from mobilenets.tasks.protocol import Answer, Task


class Answering(Protocol):
    """What photographs are shown to: a checkpoint's `Model`, or a file in its runtime."""

    @property
    def task(self) -> Task: ...

    @property
    def preprocessing(self) -> Preprocessing: ...

    def __call__(self, images: Tensor) -> Tensor:
        """(N, 3, resolution, resolution) bytes to the outputs that the task reads."""
        ...


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one photograph, or why there is none."""

    name: str
    answer: Answer | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """What is shown of a photograph, and the `size` (height, width) of the whole of it."""

    name: str
    pixels: Array | None = None
    size: tuple[int, int] = (0, 0)
    error: str = ""

    def place(self, answer: Answer) -> Answer:
        return answer.placed(self.size) if isinstance(answer, Placed) else answer


def predict(model: Answering, photos: Iterable[Photo], *, batch: int, threads: int) -> Iterator[Prediction]:
    """Answers in the order of `photos`, which is read only as far ahead as a few batches.

    A photograph that cannot be read becomes a `Prediction` with its `error`, and the rest goes on. Raises `JobError`
    where an output is not finite.
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
        decoded = decode_sized(photo.read(), at_least=shape.side)
        return _Read(photo.name, shape(decoded.pixels), decoded.size)
    except BadImage as error:
        return _Read(photo.name, error=str(error))


def _answer(model: Answering, reads: Sequence[_Read]) -> Iterator[Prediction]:
    pixels = [read.pixels for read in reads if read.pixels is not None]
    answers: Iterator[Answer] = iter(())
    if pixels:
        images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
        outputs = model(images)
        if not outputs.isfinite().all():
            raise JobError(
                "the model's outputs are not finite: its weights are damaged or of a training that diverged; "
                "take them from a copy or train again"
            )
        answers = iter(model.task.answers(outputs))
    for read in reads:
        if read.pixels is None:
            yield Prediction(read.name, error=read.error)
        else:
            yield Prediction(read.name, read.place(next(answers)))
