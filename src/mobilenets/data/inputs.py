"""Photographs without labels, from whatever `predict` is pointed at; found as they are asked for."""

import glob
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from mobilenets.data.naming import is_image, is_system, natural
from mobilenets.data.photos import BadImage, FilePhoto, Photo
from mobilenets.data.sources import is_embedded, open_collection
from mobilenets.errors import UsageError
from mobilenets.files import reason

STANDARD_INPUT = "-"
# The first bytes of the formats that are likely to be piped in; anything else is a list of names.
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")


@dataclass(frozen=True, slots=True)
class PipedPhoto:
    """One image that came through standard input."""

    content: bytes
    name: str = "standard input"

    def read(self) -> bytes:
        """The image's bytes."""
        return self.content


@dataclass(frozen=True, slots=True)
class MissingPhoto:
    """A name that was listed and is not there."""

    name: str
    why: str

    def read(self) -> bytes:
        """Raises `BadImage`: it is not there."""
        raise BadImage(self.why)


def photographs(sources: Sequence[str]) -> Iterator[Photo]:
    """The photographs of files, folders (with their sub-folders), globs, zips, named data sets and "-".

    "-" is an image file or a list of names, one a line. Raises `UsageError` at once for a source that is not
    there and for a glob that matches nothing; what a list names is looked up when its turn comes.
    """
    if not sources:
        raise UsageError('no photographs given: name files, folders or globs, or "-" for standard input')
    # Every source is checked before the first photograph is read.
    found = [_opened(source) for source in sources]
    return chain.from_iterable(opened() for opened in found)


def _opened(source: str) -> Callable[[], Iterator[Photo]]:
    path = Path(source)
    if source == STANDARD_INPUT:
        return _piped
    if path.is_dir():
        if not os.access(path, os.R_OK | os.X_OK):
            raise UsageError(f"{source} cannot be read: permission denied")
        return lambda: _walk(path)
    if path.suffix.lower() == ".zip" or (not path.exists() and is_embedded(source)):
        examples = open_collection(source).examples
        return lambda: (example.photo for example in examples)
    if path.exists():
        return lambda: iter([_named(source)])
    if glob.has_magic(source):
        matches = sorted(glob.glob(source, recursive=True), key=natural)
        if matches:
            return lambda: chain.from_iterable(_opened(match)() for match in matches)
        raise UsageError(f"{source!r} matches no file: check the pattern")
    raise UsageError(f"{source} is not there: name a file, a folder, a glob or '-' for standard input")


def _named(path: str) -> Photo:
    return FilePhoto(path, Path())


def _walk(folder: Path) -> Iterator[Photo]:
    """The images below a folder, a folder's own before those of its sub-folders."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: natural(entry.name))
    except OSError as error:
        yield MissingPhoto(str(folder), reason(error))
        return
    for entry in entries:
        if entry.is_file() and is_image(entry.name) and not is_system(entry.name):
            yield FilePhoto(entry.path, Path())
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not is_system(entry.name):
            yield from _walk(Path(entry.path))


def _piped() -> Iterator[Photo]:
    stream = sys.stdin.buffer
    first = stream.peek(16) if hasattr(stream, "peek") else b""
    if first.startswith(_MAGIC) or first[4:8] == b"ftyp":
        yield PipedPhoto(stream.read())
        return
    for line in stream:
        name = os.fsdecode(line.rstrip(b"\r\n"))
        if not name:
            continue
        yield _named(name) if Path(name).is_file() else MissingPhoto(name, "not there")
