"""What comes through standard input: one image, or the names of many."""

import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from mobilenets.errors import UsageError

# The one family of images that may hold no zero byte: PBM, PGM, PPM and PAM.
_PNM = tuple(b"P%d\n" % kind for kind in range(1, 8))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK = 1 << 16
# Bytes of an image's head, if it comes in small pieces.
_HEAD = 64


@dataclass(frozen=True, slots=True)
class PipedPhoto:
    """One image that came through standard input."""

    content: bytes
    name: str = "standard input"

    def read(self) -> bytes:
        """The image's bytes."""
        return self.content


def standard_input() -> io.BufferedIOBase:
    """Its bytes. Raises `UsageError` where the program was started without one."""
    if sys.stdin is None:
        raise UsageError('"-" is standard input and there is none: pipe an image or a list of names into it')
    return cast(io.BufferedIOBase, sys.stdin.buffer)


def image_or_names(stream: io.BufferedIOBase) -> PipedPhoto | Iterator[str]:
    """One image, whatever its format, or the names that are listed, as they come.

    A list has a name a line, or a zero byte behind each name (`find -print0`). Blank lines are passed over.
    """
    head = b""
    while len(head) < _HEAD and not _names_a_file(head) and (chunk := stream.read1(_CHUNK)):
        head += chunk
    if head.startswith(_PNM) or _starts_an_image(head):
        return PipedPhoto(head + stream.read())
    separator = b"\0" if b"\0" in head else b"\n"
    pieces = _pieces(head.removeprefix(_BYTE_ORDER_MARK), stream, separator)
    names = (piece.removesuffix(b"\r") if separator == b"\n" else piece for piece in pieces)
    return (os.fsdecode(name) for name in names if name.strip())


def _names_a_file(head: bytes) -> bool:
    """Whether the first line is whole and the name of a file: then this is a list, and more may be long in coming."""
    line, end, _ = head.removeprefix(_BYTE_ORDER_MARK).partition(b"\n")
    return bool(end) and os.path.lexists(line.removesuffix(b"\r"))


def _starts_an_image(head: bytes) -> bool:
    """Every image's head has a zero byte; no name has one, but in a list it may follow a name."""
    first, zero, _ = head.partition(b"\0")
    return bool(zero) and not os.path.lexists(first)


def _pieces(rest: bytes, stream: io.BufferedIOBase, separator: bytes) -> Iterator[bytes]:
    while True:
        *whole, rest = rest.split(separator)
        yield from whole
        chunk = stream.read1(_CHUNK)
        if not chunk:
            yield rest
            return
        rest += chunk
