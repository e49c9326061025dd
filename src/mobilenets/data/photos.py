"""Photographs and collections of them: where the bytes are, and what is known of each before it is decoded."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.detection.objects import Objects
from mobilenets.data.naming import natural
from mobilenets.files import reason

SPLITS = ("train", "val", "test")


class BadImage(ValueError):  # noqa: N818 - a finding about one photograph, counted and reported, not a failure
    """A photograph that cannot be used. The message is the reason in a few words, without its name."""


class Photo(Protocol):
    """One photograph. Small, picklable, and may be read from any thread or process."""

    @property
    def name(self) -> str:
        """What the user knows it by: its path inside the folder, zip or manifest, with `/` between the parts."""

    def read(self) -> bytes:
        """The encoded image file; raises `BadImage` where it cannot be had."""


@dataclass(frozen=True, slots=True)
class FilePhoto:
    """A file on disk: `name` is relative to `folder` (or absolute)."""

    name: str
    folder: Path

    def read(self) -> bytes:
        """The file's bytes; raises `BadImage`."""
        try:
            return (self.folder / self.name).read_bytes()
        except (OSError, ValueError) as error:
            raise BadImage(_why(error)) from error


@dataclass(frozen=True, slots=True)
class ZipPhoto:
    """A member of a zip, read in place: `offset` is where its own header starts, `packed` its bytes in the zip."""

    name: str
    archive: Path
    offset: int
    packed: int
    size: int
    checksum: int
    deflated: bool

    def read(self) -> bytes:
        """The member's bytes, unpacked and checked; raises `BadImage`."""
        try:
            content = self._unpack(self._stored())
        except (OSError, struct.error, zlib.error) as error:
            raise BadImage(f"damaged in the zip ({_why(error)})") from error
        if len(content) != self.size or zlib.crc32(content) != self.checksum:
            raise BadImage("damaged in the zip (its checksum is wrong)")
        return content

    def _stored(self) -> bytes:
        # The file is opened anew: that costs microseconds, and no handle is shared between threads or forks.
        with self.archive.open("rb") as stream:
            stream.seek(self.offset)
            signature, name_length, extra_length = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
            if signature != b"PK\x03\x04":
                raise OSError("no member starts where the zip's directory says")
            stream.seek(name_length + extra_length, io.SEEK_CUR)
            return stream.read(self.packed)

    def _unpack(self, stored: bytes) -> bytes:
        # One byte more than the directory promises is enough to notice a member that unpacks to more.
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(stored, self.size + 1) if self.deflated else stored


_LOCAL_HEADER = struct.Struct("<4s22xHH")


def zip_photo(name: str, archive: Path, member: zipfile.ZipInfo) -> ZipPhoto:
    """A stored or deflated member of a zip as its directory describes it."""
    return ZipPhoto(
        name,
        archive,
        offset=member.header_offset,
        packed=member.compress_size,
        size=member.file_size,
        checksum=member.CRC,
        deflated=member.compress_type == zipfile.ZIP_DEFLATED,
    )


@dataclass(frozen=True, slots=True)
class ArrayPhoto:
    """Pixels that are already in memory: (H, W) greys or (H, W, 3) RGB, bytes."""

    name: str
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)

    def read(self) -> bytes:
        """The pixels as a PNG."""
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(self.pixels).save(stream, "PNG", compress_level=1)
        return stream.getvalue()


def _why(error: Exception) -> str:
    return reason(error) if isinstance(error, OSError) else str(error)


@dataclass(frozen=True, slots=True)
class Example:
    """A photograph and what is known of it. `split` is train, val, test or None: not split yet."""

    photo: Photo
    label: str | None = None
    split: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Further columns of a manifest: attributes, coordinates, a person's name."""
    objects: Objects | None = None
    """What stands in it and where; None where nobody said."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photographs to be compared, by their names: whether they show the `same` label, and in which fold."""

    first: str
    second: str
    same: bool
    fold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Photographs that belong together, in an order that does not depend on the file system."""

    name: str
    examples: tuple[Example, ...]
    mirror: bool = True
    """A mirrored photograph keeps its label (false of digits)."""
    framed: bool = False
    """What is shown fills the frame, so that a crop would cut it and colour says nothing (true of digits)."""
    notes: tuple[str, ...] = ()
    """What the user must be told: left out, renamed, found elsewhere. One line each."""
    unlabelled: bool = False
    """Nothing is said of the photographs, or of none but those that are held out."""
    bad: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Photographs known to be unusable before any is decoded, left out of `examples`: name to reason."""
    pairs: tuple[Pair, ...] = ()
    """Pairs that a protocol compares, where the data comes with such a list (LFW's pairs.txt)."""
    categories: Mapping[int, str] = field(default_factory=dict, hash=False)
    """The kinds of things that boxes are of, by the number that the source gives them, in its order (gaps stay)."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that occurs, in natural order."""
        return tuple(sorted({example.label for example in self.examples if example.label is not None}, key=natural))

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that occur, in the order train, val, test; empty where nothing is split yet."""
        present = {example.split for example in self.examples}
        return tuple(split for split in SPLITS if split in present)

    def part(self, split: str | None) -> tuple[Example, ...]:
        """The examples of one split."""
        return tuple(example for example in self.examples if example.split == split)
