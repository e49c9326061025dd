"""Photographs and videos with boxes drawn. (How boxes look: reporting/test_boxes.)"""

import io
import shutil
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobilenets.data.photos import FilePhoto
from mobilenets.data.video import FramePhoto, frames
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.predict import Predictions, predict

Made = Callable[..., Any]
BOX = (32, 24, 96, 72)


@pytest.fixture
def ask(finder: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Predictions]:
    """`predict` with the model that finds what is red."""
    monkeypatch.setattr("mobilenets.jobs.predict.load_any", lambda *_, **__: finder)
    return lambda *sources, **how: predict([str(source) for source in sources], model="red", **how)


@pytest.fixture
def photos(tmp_path: Path, red_on_grey: Made) -> Path:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "b.png", "sub/c.webp", "sub/none.jpg"):
        box = (0, 0, 0, 0) if "none" in name else BOX
        Image.fromarray(red_on_grey(box)).save(folder / name, quality=95)
    return folder


def _names(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def _changed(drawing: Path, photograph: Path) -> np.ndarray:
    one, other = (np.asarray(Image.open(file).convert("RGB"), int) for file in (drawing, photograph))
    changed: np.ndarray = np.abs(one - other).max(axis=2) > 40
    return changed


def test_each_photograph_is_drawn_under_its_own_name(ask: Made, photos: Path, tmp_path: Path) -> None:
    before = {name: (photos / name).read_bytes() for name in _names(photos)}
    found = list(ask(photos, draw=tmp_path / "out"))
    assert [one.error for one in found] == [""] * 4
    assert _names(tmp_path / "out") == ["a.jpg", "b.png", "sub/c.webp.jpg", "sub/none.jpg"]
    assert {name: (photos / name).read_bytes() for name in _names(photos)} == before
    assert (tmp_path / "out/b.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out/sub/c.webp.jpg").read_bytes().startswith(b"\xff\xd8")
    for name in ("a.jpg", "b.png"):
        changed = _changed(tmp_path / "out" / name, photos / name)
        assert changed[26:70, 30:36].any(axis=1).all()  # the left edge
        assert not changed[30:68, 40:90].any()
    assert not _changed(tmp_path / "out/sub/none.jpg", photos / "sub/none.jpg").any()


def test_a_drawing_is_there_when_its_answer_is(ask: Made, photos: Path, tmp_path: Path) -> None:
    for name, _ in zip(_names(photos), answers := ask(photos, draw=tmp_path / "out", threads=1), strict=False):
        assert any(file.startswith(name) for file in _names(tmp_path / "out"))
    answers.close()


def test_only_what_reaches_the_threshold_is_told_and_drawn(ask: Made, photos: Path, tmp_path: Path) -> None:
    assert [len(one.answer) for one in ask(photos / "a.jpg", photos / "sub/none.jpg")] == [1, 0]
    assert [len(one.answer) for one in ask(photos / "a.jpg", threshold=0)] == [2]
    assert [len(one.answer) for one in ask(photos / "a.jpg", threshold=0.875)] == [1]
    assert [len(one.answer) for one in ask(photos / "a.jpg", threshold=0.9)] == [0]
    list(ask(photos / "a.jpg", threshold=0.1, draw=tmp_path / "out"))
    assert _changed(tmp_path / "out/a.jpg", photos / "a.jpg")[:, 0].mean() > 0.9  # of the whole photograph


def test_what_cannot_be_read_is_passed_over(ask: Made, photos: Path, tmp_path: Path) -> None:
    (photos / "b.png").write_bytes(b"no image")
    found = list(ask(photos, draw=tmp_path / "out"))
    assert [bool(one.error) for one in found] == [False, True, False, False]
    assert "b.png" not in _names(tmp_path / "out")


def test_a_photograph_that_is_gone_before_it_is_drawn(
    ask: Made, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, seen = FilePhoto.read, set()

    def once(self: FilePhoto) -> bytes:
        if self.name in seen:
            Path(self.name).unlink(missing_ok=True)
        seen.add(self.name)
        return read(self)

    monkeypatch.setattr(FilePhoto, "read", once)
    (found,) = ask(photos / "a.jpg", draw=tmp_path / "out")
    assert found.error == "No such file or directory"
    assert not (tmp_path / "out").exists()


def test_memory_is_bounded_and_no_thread_stays(
    ask: Made, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = 0

    def endless(*_: object, **__: object) -> Iterator[FilePhoto]:
        nonlocal taken
        while True:
            copy = photos / f"{taken}.png"
            shutil.copy(photos / "b.png", copy)
            taken += 1
            yield FilePhoto(str(copy), Path())

    monkeypatch.setattr("mobilenets.jobs.predict.photographs", endless)
    before = threading.active_count()
    answers = ask(photos, draw=tmp_path / "out", batch=4, threads=2)
    for done in range(1, 21):
        assert next(answers).answer is not None
        assert taken <= done + 4 + 2 * 4 + 2 + 2 * 2 + 4
    answers.close()
    assert threading.active_count() == before


class TestVideo:
    @pytest.fixture
    def clip(self, video: Made, tmp_path: Path) -> Path:
        (tmp_path / "v").mkdir()
        made: Path = video(tmp_path / "v" / "clip.mov", height=98, width=130)
        return made

    def test_it_is_drawn_frame_by_frame_at_the_same_times(self, ask: Made, clip: Path, tmp_path: Path) -> None:
        found = list(ask(clip, draw=tmp_path / "out"))
        assert [one.name for one in found] == [f"{clip}#{number:06}" for number in range(12)]
        assert _names(tmp_path / "out") == ["clip.mov.mp4"]
        drawn, source = (
            [one for one in frames(file, name="") if isinstance(one, FramePhoto)]
            for file in (tmp_path / "out/clip.mov.mp4", clip)
        )
        assert [one.at for one in drawn] == [one.at - source[0].at for one in source]
        assert [one.at for one in drawn[:3]] == [0, Fraction(1, 4), Fraction(1, 2)]
        assert drawn[0].video.rate == source[0].video.rate == 4
        for number, (one, other) in enumerate(zip(drawn, source, strict=True)):
            grey = one.pixels[40:90, 75:].mean()
            assert abs(grey - 10 * number) < 8
            edges = one.pixels[20:90, 0].astype(int) - other.pixels[20:90, 0]
            assert np.abs(edges).max(axis=1).min() > 40  # the left line of the box

    def test_some_frames_are_shown_as_long(self, ask: Made, clip: Path, tmp_path: Path) -> None:
        assert len(list(ask(clip, draw=tmp_path / "out", every=4))) == 3
        drawn = [one for one in frames(tmp_path / "out/clip.mov.mp4", name="") if isinstance(one, FramePhoto)]
        assert [one.at for one in drawn] == [0, 1, 2]
        assert drawn[0].video.rate == 1

    def test_one_that_breaks_off_is_drawn_as_far_as_it_goes(self, ask: Made, video: Made, tmp_path: Path) -> None:
        clip = video(tmp_path / "clip.mkv", count=24, height=240, width=320)
        clip.write_bytes(clip.read_bytes()[: int(0.6 * clip.stat().st_size)])
        *found, last = ask(clip, draw=tmp_path / "out")
        assert last.error == "the video breaks off or is damaged here"
        drawn = list(frames(tmp_path / "out/clip.mkv.mp4", name=""))
        assert len(drawn) == len(found) > 3

    def test_it_is_written_whole_or_not_at_all(self, ask: Made, clip: Path, photos: Path, tmp_path: Path) -> None:
        answers = ask(clip, photos, draw=tmp_path / "out", batch=1, threads=1)
        for _ in range(6):
            next(answers)
        assert not [name for name in _names(tmp_path / "out") if not Path(name).name.startswith(".")]
        answers.close()
        assert not _names(tmp_path / "out")

    def test_two_videos_and_a_photograph(self, ask: Made, clip: Path, photos: Path, tmp_path: Path) -> None:
        second = Path(shutil.copy(clip, clip.with_name("second.mov")))
        list(ask(clip, second, photos / "a.jpg", draw=tmp_path / "out", limit=20))
        assert _names(tmp_path / "out") == ["v/clip.mov.mp4", "v/second.mov.mp4"]
        lengths = [len(list(frames(tmp_path / "out/v" / f"{name}.mov.mp4", name=""))) for name in ("clip", "second")]
        assert lengths == [12, 8]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"threshold": -0.1}, r"threshold -0.1 is outside \[0, 1\]"),
        ({"threshold": 1.5}, r"threshold 1.5 is outside \[0, 1\]"),
        ({"every": 0}, "every 0 is under 1"),
        ({"draw": "photos"}, "--draw photos is there and not an empty folder"),
        ({"draw": "photos/new"}, "--draw photos/new lies within the photographs of photos"),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    ask: Made, photos: Path, how: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos.parent)
    with pytest.raises(UsageError, match=words):
        ask("photos", **how)


@pytest.mark.parametrize(("how", "flag"), [({"threshold": 0.5}, "--threshold"), ({"draw": "out"}, "--draw")])
def test_other_tasks_have_no_boxes(tiny_model: Path, swatches: Path, how: dict[str, Any], flag: str) -> None:
    with pytest.raises(UsageError, match=rf"^{flag} is for boxes, and .* is of the task classify: leave it out"):
        predict(swatches, model=tiny_model, **how)


def test_a_folder_that_cannot_be_written(ask: Made, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="cannot be written"):
        list(ask(photos, draw=tmp_path / "file" / "out"))


def test_the_drawing_of_a_photograph_from_standard_input(
    ask: Made, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((photos / "a.jpg").read_bytes())))
    list(ask("-", draw=tmp_path / "out"))
    assert _names(tmp_path / "out") == ["standard input.jpg"]
