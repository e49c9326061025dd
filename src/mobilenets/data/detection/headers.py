"""The size of a photograph from its header, without a pixel decoded."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from mobilenets.data.decode import opened
from mobilenets.data.photos import BadImage, FilePhoto, Photo
from mobilenets.data.pixels import LYING, orientation
from mobilenets.files import reason

# A JPEG's size stands behind its EXIF, which takes up to 64 kB; where it comes later the whole file is read.
_HEAD = 1 << 16
_BLOCK = 256
_JPEG = b"\xff\xd8"
_PNG = b"\x89PNG"
# Where a PNG says neither, its EXIF need not be looked for behind the pixels.
_PNG_EXIF = (b"eXIf", b"Raw profile type exif")


@dataclass(frozen=True, slots=True)
class Header:
    """What a photograph's header says: its (height, width) as stored, and its EXIF orientation, 1 to 8."""

    stored: tuple[int, int]
    orientation: int

    @property
    def upright(self) -> tuple[int, int]:
        """(height, width) of the photograph as `decode` gives it."""
        return self.stored[::-1] if self.orientation in LYING else self.stored


def headers(photos: Sequence[Photo]) -> list[Header | str]:
    """The header of each photograph, or in a few words why it cannot be used. Read in threads."""
    # A header takes less than handing one photograph to a thread: they are handed on in blocks.
    blocks = [photos[start : start + _BLOCK] for start in range(0, len(photos), _BLOCK)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(chain.from_iterable(pool.map(lambda block: [_header(photo) for photo in block], blocks)))


def _header(photo: Photo) -> Header | str:
    try:
        if isinstance(photo, FilePhoto):
            head = _head(photo)
            if head.startswith(_JPEG):
                try:
                    return _parsed(head)
                except BadImage:
                    pass  # the size stands further back, or nowhere: the whole file tells
        return _parsed(photo.read())
    except BadImage as error:
        return str(error)


def _head(photo: FilePhoto) -> bytes:
    try:
        with (photo.folder / photo.name).open("rb") as stream:
            return stream.read(_HEAD)
    except (FileNotFoundError, NotADirectoryError):
        raise BadImage("missing") from None
    except (OSError, ValueError) as error:
        raise BadImage(reason(error) if isinstance(error, OSError) else str(error)) from error


def _parsed(data: bytes) -> Header:
    image = opened(data)
    width, height = image.size
    plain = data.startswith(_PNG) and not any(mark in data for mark in _PNG_EXIF)
    turn = 1 if plain else orientation(image)
    if image.format == "TIFF" and turn in LYING:
        width, height = height, width  # Pillow says the size that it will have upright
    return Header(stored=(height, width), orientation=turn)
