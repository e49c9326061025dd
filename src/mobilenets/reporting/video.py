"""Pictures written as a video."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mobilenets.errors import JobError
from mobilenets.files import whole_file

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_EVEN = 2


class VideoWriter:
    """Takes the pictures of an open video one by one."""

    def __init__(self, container: "OutputContainer", *, step: Fraction, rate: Fraction) -> None:
        self._container = container
        self._step, self._rate = step, rate
        self._stream: VideoStream | None = None
        self._first = Fraction(0)
        self._last = -1

    def add(self, pixels: NDArray[np.uint8], *, at: Fraction) -> None:
        """Show (H, W, 3) RGB bytes at so many seconds; the first picture is where the video begins."""
        import av

        # H.264 halves the sides of its colours.
        height, width = pixels.shape[:2]
        padded = np.pad(pixels, ((0, height % _EVEN), (0, width % _EVEN), (0, 0)), mode="edge")
        if self._stream is None:
            self._first = at
            self._stream = self._begin(*padded.shape[:2])
        frame = av.VideoFrame.from_ndarray(padded, format="rgb24")
        # No two frames are shown at once.
        self._last = max(round((at - self._first) / self._step), self._last + 1)
        frame.pts, frame.time_base = self._last, self._step
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds."""
        if self._stream is not None:
            self._container.mux(self._stream.encode())

    def _begin(self, height: int, width: int) -> "VideoStream":
        # x264's own middle way takes four times as long for files of about the same size.
        stream = self._container.add_stream("h264", rate=self._rate, options={"preset": "veryfast"})
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.time_base = self._step
        return stream


@contextlib.contextmanager
def writing_video(path: Path, *, step: Fraction, rate: Fraction) -> Iterator[VideoWriter]:
    """An MP4 that is put in place when the block ends well; its times are whole numbers of `step` seconds.

        `rate` is the pictures a second on average: so long is the last one shown.
    It has no sound. Raises `JobError` where it cannot be written.
    """
    import av

    with whole_file(path) as temporary:
        try:
            # Given a name, FFmpeg would take some for addresses.
            with temporary.open("wb") as stream, av.open(stream, "w", format="mp4") as container:
                writer = VideoWriter(container, step=step, rate=rate)
                yield writer
                writer.finish()
        except av.FFmpegError as error:
            raise JobError(f"{path} cannot be written as a video: {error.strerror}") from error
