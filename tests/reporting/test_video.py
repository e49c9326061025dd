"""Pictures written as a video, read back with the library that wrote it."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mobilenets.errors import JobError
from mobilenets.reporting.video import writing_video


def _grey(value: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def _read(file: Path) -> list[tuple[Fraction, float, tuple[int, ...]]]:
    with av.open(str(file)) as container:
        found = []
        for frame in container.decode(video=0):
            assert frame.pts is not None and frame.time_base is not None
            pixels = frame.to_ndarray(format="rgb24")
            found.append((frame.pts * frame.time_base, float(pixels.mean()), pixels.shape))
        return found


def test_each_picture_is_shown_at_its_time(tmp_path: Path) -> None:
    times = [Fraction(number, 1000) for number in (5000, 5040, 5090, 5900, 7000)]
    with writing_video(tmp_path / "a.mp4", step=Fraction(1, 1000), rate=Fraction(4)) as writer:
        for number, at in enumerate(times):
            writer.add(_grey(40 * number), at=at)
        assert not (tmp_path / "a.mp4").exists()
    found = _read(tmp_path / "a.mp4")
    assert [at for at, _, _ in found] == [at - 5 for at in times]
    np.testing.assert_allclose([value for _, value, _ in found], [0, 40, 80, 120, 160], atol=4)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_odd_sizes_get_an_edge_and_times_that_do_not_rise_a_step(tmp_path: Path) -> None:
    with writing_video(tmp_path / "a.mp4", step=Fraction(1, 10), rate=Fraction(10)) as writer:
        for at in (0, 0, Fraction(-1)):
            writer.add(_grey(200, height=47, width=33), at=Fraction(at))
    assert [(at, shape) for at, _, shape in _read(tmp_path / "a.mp4")] == [
        (Fraction(number, 10), (48, 34, 3)) for number in range(3)
    ]


def test_what_does_not_end_well_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError),
        writing_video(tmp_path / "a.mp4", step=Fraction(1, 10), rate=Fraction(10)) as writer,
    ):
        writer.add(_grey(1), at=Fraction(0))
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_encoded_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(JobError, match=r"a.mp4 cannot be written as a video: "),
        writing_video(tmp_path / "a.mp4", step=Fraction(1, 10), rate=Fraction(10)) as writer,
    ):
        writer.add(np.zeros((2, 40_000, 3), np.uint8), at=Fraction(0))
    assert not list(tmp_path.iterdir())
