"""Detections drawn on the photographs they are of, one after the other as these are answered."""

import contextlib
import io
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from mobilenets.data.cache import ahead
from mobilenets.data.decode import Array, decode
from mobilenets.data.naming import ending
from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.video import FramePhoto
from mobilenets.files import write_bytes_whole
from mobilenets.jobs.drawn_names import DrawnNames
from mobilenets.prediction.predict import Prediction
from mobilenets.reporting.boxes import drawn
from mobilenets.reporting.video import VideoWriter, writing_video
from mobilenets.tasks.detect.answers import Detections

_QUALITY = 92

Answers = Callable[[Iterator[Photo]], Generator[Prediction]]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is to be drawn: into the `file`, or where there is none into the video that the frame is of."""

    prediction: Prediction
    photo: Photo
    file: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    """What was drawn: the prediction, and a video's frame with its picture."""

    prediction: Prediction
    frame: FramePhoto | None = None
    pixels: Array | None = None


def draw(answers: Answers, photos: Iterable[Photo], names: DrawnNames, *, threads: int) -> Iterator[Prediction]:
    """The same predictions, each when its photograph is drawn; memory is bounded however many there are.

    A photograph is decoded once more, in its full size. Videos become MP4s with the frames that were looked at, each
    shown when it was. Every file is written whole or not at all. A photograph that is gone since gives a `Prediction`
    with its `error`; raises `JobError` for a file that cannot be written.
    """
    waiting: deque[Photo] = deque()
    pool = ThreadPoolExecutor(threads)
    with contextlib.closing(answers(_noted(photos, waiting))) as predictions, _Videos(names) as videos:
        try:
            todo = (_drawing(prediction, waiting.popleft(), names) for prediction in predictions)
            for done in ahead(pool, _draw, todo, depth=2 * threads):
                videos.take(done)
                yield done.prediction
        finally:
            pool.shutdown(cancel_futures=True)


def _noted(photos: Iterable[Photo], waiting: "deque[Photo]") -> Iterator[Photo]:
    for photo in photos:
        waiting.append(photo)
        yield photo


def _drawing(prediction: Prediction, photo: Photo, names: DrawnNames) -> _Drawing:
    if prediction.answer is None or isinstance(photo, FramePhoto):
        return _Drawing(prediction, photo)
    return _Drawing(prediction, photo, names.photograph(photo.name))


def _draw(todo: _Drawing) -> _Done:
    found, photo = todo.prediction.answer, todo.photo
    if not isinstance(found, Detections):
        return _Done(todo.prediction)
    if isinstance(photo, FramePhoto):
        return _Done(todo.prediction, photo, _with_boxes(photo.pixels, found))
    assert todo.file is not None  # as every photograph has that is no frame
    try:
        pixels = decode(photo.read())
    except BadImage as error:
        return _Done(Prediction(photo.name, error=str(error)))
    write_bytes_whole(todo.file, _encoded(_with_boxes(pixels, found), png=ending(todo.file.name) == ".png"))
    return _Done(todo.prediction)


def _with_boxes(pixels: Array, found: Detections) -> Array:
    return drawn(pixels, found.pixels, found.names, found.scores.tolist(), classes=found.labels)


def _encoded(pixels: Array, *, png: bool) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG" if png else "JPEG", quality=_QUALITY, subsampling=0)
    return stream.getvalue()


@dataclass(slots=True)
class _Videos(contextlib.AbstractContextManager["_Videos"]):
    """The video that is being written, if any. It is left out where its frames do not come to an end."""

    names: DrawnNames
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _writer: VideoWriter | None = None
    _video: object = None

    def take(self, done: _Done) -> None:
        """Write a frame into its video; what is no frame of it ends it."""
        video = done.frame.video if done.frame else None
        if video is not self._video:
            self._open.close()
            self._video, self._writer = video, None
        if done.frame is None or done.pixels is None:
            return
        if self._writer is None:
            of = done.frame.video
            writing = writing_video(self.names.video(of.name), step=of.step, rate=of.rate)
            self._writer = self._open.enter_context(writing)
        self._writer.add(done.pixels, at=done.frame.at)

    def __exit__(self, *error: object) -> None:
        self._open.__exit__(*error)  # type: ignore[arg-type]
