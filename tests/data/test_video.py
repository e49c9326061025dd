"""The frames of videos that are made here: in order, upright, and as many as can be had."""

import struct
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenets.data.decode import decode
from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.video import FramePhoto, frames
from mobilenets.errors import UsageError

Made = Callable[..., Path]
KINDS = [".mp4", ".mov", ".mkv", ".avi", ".ts"]


def _number(photo: Photo) -> int:
    """Which frame is shown, by its grey."""
    pixels = decode(photo.read())
    return round(float(pixels[:, pixels.shape[1] * 5 // 8 :].mean()) / 10)


def _whole(photos: Iterator[Photo]) -> list[FramePhoto]:
    found = list(photos)
    whole = [photo for photo in found if isinstance(photo, FramePhoto)]
    assert found == whole
    return whole


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_in_its_order(video: Made, tmp_path: Path, kind: str) -> None:
    file = video(tmp_path / f"clip{kind}")
    found = _whole(frames(file, name="clip"))
    assert [photo.name for photo in found] == [f"clip#{number:06}" for number in range(12)]
    assert [_number(photo) for photo in found] == list(range(12))
    assert [photo.at - found[0].at for photo in found] == [Fraction(number, 4) for number in range(12)]
    assert decode(found[0].read()).shape == (48, 64, 3)
    np.testing.assert_array_equal(decode(found[3].read()), found[3].pixels)
    red = found[0].pixels[:, :24].mean(axis=(0, 1))
    np.testing.assert_allclose(red, (220, 30, 30), atol=12)


def test_some_of_them(video: Made, tmp_path: Path) -> None:
    found = _whole(frames(video(tmp_path / "clip.mp4"), name="clip", every=5))
    assert [photo.name for photo in found] == ["clip#000000", "clip#000005", "clip#000010"]
    assert [_number(photo) for photo in found] == [0, 5, 10]


def _turned(file: Path, turn: tuple[int, int, int, int]) -> Path:
    """The same MP4 with another matrix in its track's header, as a phone that is held otherwise writes it."""
    content = bytearray(file.read_bytes())
    place = content.index(b"tkhd") + 4 + 40
    first, second, third, fourth = turn
    one = 1 << 16
    content[place : place + 36] = struct.pack(
        ">9i", first * one, second * one, 0, third * one, fourth * one, 0, 0, 0, 1 << 30
    )
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("turn", "shape", "red"),
    [
        ((1, 0, 0, 1), (48, 64), "left"),
        ((0, 1, -1, 0), (64, 48), "top"),  # the left edge goes up: a quarter to the right
        ((-1, 0, 0, -1), (48, 64), "right"),
        ((0, -1, 1, 0), (64, 48), "bottom"),
    ],
)
def test_frames_stand_upright(
    video: Made, tmp_path: Path, turn: tuple[int, int, int, int], shape: tuple[int, int], red: str
) -> None:
    photo = _whole(frames(_turned(video(tmp_path / "clip.mp4"), turn), name="clip"))[0]
    pixels = decode(photo.read())
    height, width = shape
    assert pixels.shape == (height, width, 3)
    edges = {"left": pixels[:, :8], "right": pixels[:, -8:], "top": pixels[:8], "bottom": pixels[-8:]}
    means = {edge: part[..., 0].mean() for edge, part in edges.items()}
    assert max(means, key=means.__getitem__) == red
    assert means[red] > 200


@pytest.mark.parametrize("share", [0.6, 0.85])
@pytest.mark.parametrize("kind", [".mp4", ".mov", ".mkv", ".avi"])
def test_one_that_breaks_off_gives_the_frames_before_and_says_so(
    video: Made, tmp_path: Path, kind: str, share: float
) -> None:
    options = {"movflags": "faststart"} if kind in (".mp4", ".mov") else {}
    whole = video(tmp_path / f"clip{kind}", count=24, height=240, width=320, **options)
    whole.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
    *found, last = frames(whole, name="clip")
    assert [_number(photo) for photo in found] == list(range(len(found)))
    assert 3 < len(found) < 24
    assert last.name == f"clip#{len(found):06}"
    with pytest.raises(BadImage, match="breaks off or is damaged here"):
        last.read()


@pytest.mark.parametrize("kind", [".mp4", ".mkv"])
def test_one_that_is_damaged_gives_the_frames_before(video: Made, tmp_path: Path, kind: str) -> None:
    file = video(tmp_path / f"clip{kind}", count=24, height=240, width=320)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 9000] = bytes(9000)
    file.write_bytes(content)
    *found, last = frames(file, name="clip")
    assert [_number(photo) for photo in found] == list(range(len(found)))
    assert 3 < len(found) < 20
    with pytest.raises(BadImage, match="breaks off or is damaged here"):
        last.read()


@pytest.mark.parametrize("content", [b"", b"no video" * 99, b"\0\0\0\x18ftypmp42" + bytes(99)])
def test_what_is_no_video_is_refused_at_once(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "clip.mp4"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"^clip.mp4 is no video that can be read \(Invalid .*\): play it to see"):
        frames(file, name="clip.mp4")


def test_sound_alone_has_no_pictures(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame: Any = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux([*stream.encode(frame), *stream.encode()])
    with pytest.raises(UsageError, match=r"^clip has no pictures"):
        frames(tmp_path / "clip.mp4", name="clip")


def test_one_that_is_gone_by_its_turn(video: Made, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can be read .No such file"):
        frames(tmp_path / "gone.mp4", name="gone.mp4")
    file = video(tmp_path / "clip.mp4")
    photos = frames(file, name="clip")
    file.unlink()
    (gone,) = photos
    with pytest.raises(BadImage, match="No such file or directory"):
        gone.read()


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        UsageError, match=r"^clip.mp4: reading a video needs an extra: pip install 'mobilenets\[video\]'"
    ):
        frames(tmp_path / "clip.mp4", name="clip.mp4")


def test_frames_are_decoded_as_they_are_asked_for(video: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    read = Path.open

    def noting(self: Path, *how: Any) -> Any:
        opened.append(read(self, *how))
        return opened[-1]

    file = video(tmp_path / "clip.mp4", count=100, height=240, width=320)
    monkeypatch.setattr(Path, "open", noting)
    photos = frames(file, name="clip")
    next(photos)
    assert [stream.closed for stream in opened] == [True, False]
    assert opened[1].tell() < file.stat().st_size / 2
    photos.close()  # type: ignore[attr-defined]
    assert opened[1].closed
