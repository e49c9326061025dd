"""What comes through standard input: one image, or names."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenets.data.decode import FORMATS, decode
from mobilenets.data.piped import PipedPhoto, image_or_names, standard_input
from mobilenets.errors import UsageError


class Dripping(io.RawIOBase):
    """A stream that gives what it has in pieces, as a slow pipe does; `given` counts them."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        if not self.pieces:
            return 0
        piece, rest = self.pieces[0][: len(buffer)], self.pieces[0][len(buffer) :]
        self.pieces[:1] = [rest] if rest else []
        self.given += 1
        buffer[: len(piece)] = piece
        return len(piece)


def names(*pieces: bytes) -> list[str]:
    found = image_or_names(io.BufferedReader(Dripping(*pieces)))
    assert not isinstance(found, PipedPhoto)
    return list(found)


def image(*pieces: bytes) -> bytes:
    found = image_or_names(io.BufferedReader(Dripping(*pieces)))
    assert isinstance(found, PipedPhoto)
    assert found.name == "standard input"
    return found.read()


def encoded(kind: str, pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("side", [1, 10, 16, 320])
@pytest.mark.parametrize("kind", sorted({*FORMATS} - {"QOI"}))  # which Pillow cannot write
def test_an_image_of_any_format_is_one_image(kind: str, side: int) -> None:
    # Sizes of 10 put a line feed into many a header; white has no zero bytes of its own.
    data = encoded(kind, np.full((side, side, 3), 255, np.uint8))
    for first in (1, 7, len(data)):
        assert image(data[:first], data[first:]) == data
    assert decode(data).min() >= 250


@pytest.mark.parametrize("kind", [b"P1", b"P2", b"P3"])
def test_an_image_in_plain_text_is_an_image(kind: bytes) -> None:
    assert image(kind + b"\n2 2\n", b"1 1 1 1\n") == kind + b"\n2 2\n1 1 1 1\n"


def test_a_qoi_image_is_one_image() -> None:
    data = b"qoif" + (10).to_bytes(4, "big") * 2 + b"\x03\x00" + b"\xfe\xff\xff\xff\xfd\xfd" + bytes(7) + b"\x01"
    assert image(data) == data


def test_binary_data_that_is_no_image_is_not_taken_for_names() -> None:
    data = b"%PDF-1.7\n" + bytes(range(256))
    assert image(data) == data


def test_a_list_has_a_name_a_line() -> None:
    assert names(b"a.jpg\n\nb c.png\r\n   \n\r\nfolder/d.webp") == ["a.jpg", "b c.png", "folder/d.webp"]
    assert names(b"\xef\xbb\xbfa.jpg\nb.jpg\n") == ["a.jpg", "b.jpg"]
    assert names(b"a.jpg") == ["a.jpg"]
    assert names(b" a.jpg \n") == [" a.jpg "]  # blanks may belong to a name


def test_nothing_is_an_empty_list() -> None:
    assert names() == []
    assert names(b"\n\n") == []


@pytest.mark.parametrize(
    "name", ["BMW.jpg", "GIF89a.gif", "RIFF.webp", "II.tif", "P6", "P5.png", "qoif", "\xff\xd8.jpg"]
)
def test_names_that_begin_as_images_do_are_names(name: str) -> None:
    lines = f"{name}\nother.jpg\n".encode("latin-1")
    if name == "P6":
        assert image(lines) == lines  # the one exception, and a name without ending
    else:
        assert names(lines) == [lines.split(b"\n")[0].decode("utf-8", "surrogateescape"), "other.jpg"]


def test_names_need_not_be_utf_8() -> None:
    assert names(b"caf\xe9.jpg\n") == ["caf\udce9.jpg"]


def test_names_that_end_with_a_zero_byte_may_hold_line_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = "two\nlines.jpg"
    Path(first).touch()
    assert names(b"two\nlines.jpg\0other.jpg\0", b"\0last\r.jpg\0") == [first, "other.jpg", "last\r.jpg"]


def test_names_come_as_they_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jpg").touch()
    source = Dripping(b"a.jpg\nb.j", b"pg\nc.jpg\n", b"d.jpg\n")
    found = image_or_names(io.BufferedReader(source, buffer_size=64))
    assert isinstance(found, Iterator)
    assert (next(found), source.given) == ("a.jpg", 1)
    assert (next(found), next(found), source.given) == ("b.jpg", "c.jpg", 2)
    assert (list(found), source.given) == (["d.jpg"], 3)


def test_a_program_without_standard_input_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"bytes")))
    assert standard_input().read() == b"bytes"
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="there is none: pipe an image"):
        standard_input()
