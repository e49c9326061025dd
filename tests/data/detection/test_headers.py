"""Sizes from headers are those of decoded photographs, however they are turned."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenets.data.decode import decode
from mobilenets.data.detection.headers import Header, headers
from mobilenets.data.detection.mending import turned
from mobilenets.data.photos import ArrayPhoto, FilePhoto

Picture = Callable[..., Path]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_the_upright_size_is_that_of_the_decoded_photograph(picture: Picture, orientation: int, ending: str) -> None:
    file = picture(f"a.{ending}", width=24, height=16, orientation=orientation)
    (header,) = headers([FilePhoto(file.name, file.parent)])
    assert header == Header(stored=(16, 24), orientation=orientation)
    assert header.upright == decode(file.read_bytes()).shape[:2]


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_boxes_turn_as_pixels_do(tmp_path: Path, orientation: int) -> None:
    pixels = np.zeros((20, 30, 3), dtype=np.uint8)
    pixels[3:9, 5:17] = 255
    exif = Image.Exif()
    exif[274] = orientation
    file = tmp_path / "a.png"
    Image.fromarray(pixels).save(file, exif=exif)
    upright = decode(file.read_bytes())
    down, across = np.nonzero(upright[:, :, 0])
    seen = [across.min(), down.min(), across.max() + 1, down.max() + 1]
    box, stored = np.array([[5.0, 3.0, 17.0, 9.0]]), np.array([[20, 30]])
    assert turned(box, np.array([orientation]), stored).tolist() == [seen]
    assert turned(box, np.array([1]), stored).tolist() == box.tolist()


def test_exif_far_behind_is_found(tmp_path: Path) -> None:
    """A JPEG whose size comes after the first 64 kB, and a PNG whose EXIF comes after its pixels."""
    exif = Image.Exif()
    exif[274] = 6
    far = tmp_path / "far.jpg"
    Image.new("RGB", (24, 16)).save(far, exif=exif, icc_profile=bytes(100_000))
    late = tmp_path / "late.png"
    Image.new("RGB", (24, 16)).save(late)
    content = exif.tobytes()[6:]
    chunk = struct.pack(">I", len(content)) + b"eXIf" + content + struct.pack(">I", zlib.crc32(b"eXIf" + content))
    late.write_bytes(late.read_bytes()[:-12] + chunk + late.read_bytes()[-12:])
    found = headers([FilePhoto(one.name, tmp_path) for one in (far, late)])
    assert found == [Header((16, 24), 6), Header((16, 24), 6)]
    assert decode(late.read_bytes()).shape[:2] == (24, 16)


def test_what_cannot_be_used_is_told(tmp_path: Path, picture: Picture) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no photograph")
    (tmp_path / "cut.jpg").write_bytes(picture("whole.jpg").read_bytes()[:30])
    names = ("gone.jpg", "empty.jpg", "text.jpg", "cut.jpg", "a\0b.jpg", "whole.jpg/inside.jpg")
    found = headers([FilePhoto(name, tmp_path) for name in names])
    assert found[:4] == ["missing", "empty file", "not an image", "damaged or truncated JPEG header"]
    assert all(isinstance(one, str) for one in found)


def test_pixels_in_memory() -> None:
    assert headers([ArrayPhoto("a", np.zeros((4, 6), dtype=np.uint8))]) == [Header((4, 6), 1)]
