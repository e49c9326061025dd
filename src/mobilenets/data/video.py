"""The frames of a video as photographs, one after the other, in bounded memory."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mobilenets.data.finding import MissingPhoto
from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.pixels import Array
from mobilenets.errors import UsageError

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

INSTALL = "pip install 'mobilenets[video]'"
_QUARTER = 90
# A video that ends so many seconds before its own head says it does breaks off.
_EARLY = Fraction(1, 2)
_USUAL_RATE = Fraction(25)
_DAMAGED = "the video breaks off or is damaged here"


@dataclass(frozen=True, slots=True)
class Video:
    """A video file: its name as given, the steps in seconds in which it counts time, and frames a second on average."""

    name: str
    step: Fraction
    rate: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class FramePhoto:
    """A frame of a video, `at` so many seconds of it. It is kept as it was decoded, half as large as its pixels are."""

    name: str
    video: Video
    at: Fraction
    frame: "VideoFrame" = field(repr=False)

    @property
    def pixels(self) -> Array:
        """(H, W, 3) RGB bytes, upright as the video says it was taken."""
        pixels = self.frame.to_ndarray(format="rgb24")
        return np.ascontiguousarray(np.rot90(pixels, self.frame.rotation // _QUARTER))

    def read(self) -> bytes:
        """The pixels as a PPM, which is written and read at no cost."""
        pixels = self.pixels
        height, width = pixels.shape[:2]
        return b"P6 %d %d 255\n" % (width, height) + pixels.tobytes()


def frames(file: Path, *, name: str, every: int = 1) -> Iterator[Photo]:
    """Each `every`-th frame of a video, named `clip.mp4#000012` by its number from 0, decoded as asked for.

    Where it breaks off or is damaged, a photograph that cannot be read says so behind the frames before, and no more
    come. Raises `UsageError` at once for what is no video, and where the extra is missing.
    """
    try:
        import av
    except ImportError as error:
        raise UsageError(f"{name}: reading a video needs an extra: {INSTALL}") from error
    try:
        with _opened(file) as container:
            pictures = len(container.streams.video)
    except (av.FFmpegError, OSError) as error:
        raise UsageError(
            f"{name} is no video that can be read ({error.strerror}): play it to see, or convert it"
        ) from error
    if not pictures:
        raise UsageError(f"{name} has no pictures: name a video or a photograph")
    return _frames(file, name, every=every)


@contextlib.contextmanager
def _opened(file: Path) -> "Iterator[InputContainer]":
    import av

    # Given a name, FFmpeg would take some for addresses.
    with file.open("rb") as stream, av.open(stream, "r") as container:
        yield container


def _frames(file: Path, name: str, *, every: int) -> Iterator[Photo]:
    import av

    number = 0
    try:
        with _opened(file) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            video = Video(name, stream.time_base or Fraction(1, 1000), _rate(stream) / every)
            for frame in _decoded(container, stream):
                if number % every == 0:
                    yield FramePhoto(f"{name}#{number:06}", video, _time(frame, stream, number), frame)
                number += 1
    except BadImage as error:
        yield MissingPhoto(f"{name}#{number:06}", str(error))
    except (av.FFmpegError, OSError) as error:
        yield MissingPhoto(f"{name}#{number:06}", str(error.strerror))


def _decoded(container: "InputContainer", stream: "VideoStream") -> "Iterator[VideoFrame]":
    """The whole frames; raises `BadImage` behind the last of them where there should be more."""
    import av

    number, end = 0, Fraction(0)
    try:
        for packet in container.demux(stream):
            if packet.is_corrupt and number:
                # What other threads have still in hand came before.
                yield from stream.codec_context.decode(None)
                raise BadImage(_DAMAGED)
            for frame in packet.decode():
                end = _time(frame, stream, number) + _lasts(frame, stream)
                number += 1
                yield frame
    except av.FFmpegError as error:
        # What the decoder has still in hand may be damaged as well.
        raise BadImage(_DAMAGED) from error
    if end - _start(stream) + _EARLY < _length(container, stream):
        raise BadImage(_DAMAGED)


def _time(frame: "VideoFrame", stream: "VideoStream", number: int) -> Fraction:
    """Seconds at which a frame is shown; where the file does not say, frames are equally long."""
    if frame.pts is None or frame.time_base is None:
        return number / _rate(stream)
    return frame.pts * frame.time_base


def _lasts(frame: "VideoFrame", stream: "VideoStream") -> Fraction:
    said = (frame.duration or 0) * (frame.time_base or Fraction(0))
    return max(said, 1 / _rate(stream))


def _rate(stream: "VideoStream") -> Fraction:
    return stream.average_rate or _USUAL_RATE


def _start(stream: "VideoStream") -> Fraction:
    return (stream.start_time or 0) * (stream.time_base or Fraction(0))


def _length(container: "InputContainer", stream: "VideoStream") -> Fraction:
    """Seconds that the pictures take by the file's own head; 0 where it does not say."""
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    # The whole file's may be that of the sound.
    alone = len(container.streams) == 1 and container.duration is not None
    return Fraction(container.duration or 0, 1_000_000) if alone else Fraction(0)
