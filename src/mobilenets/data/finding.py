"""Photographs found on disk as they are asked for: below a folder, by a pattern, by name."""

import glob
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mobilenets.data.naming import is_image, is_system, natural
from mobilenets.data.photos import BadImage, FilePhoto, Photo
from mobilenets.files import reason

_ANY = "*"
_ANY_FOLDERS = "**"


@dataclass(frozen=True, slots=True)
class MissingPhoto:
    """A photograph that was asked for and cannot be had."""

    name: str
    why: str

    def read(self) -> bytes:
        """Raises `BadImage` with the reason."""
        raise BadImage(self.why)


def photo_named(name: str) -> Photo:
    """The photograph in a file, or why there is none, as it is now."""
    try:
        mode = Path(name).stat().st_mode
    except (OSError, ValueError) as error:
        return MissingPhoto(name, reason(error) if isinstance(error, OSError) else str(error))
    if stat.S_ISDIR(mode):
        return MissingPhoto(name, "a folder, not a photograph")
    # Reading a pipe or a device may never end.
    return FilePhoto(name, Path()) if stat.S_ISREG(mode) else MissingPhoto(name, "a pipe or device, not a file")


def photos_below(folder: str) -> Iterator[Photo]:
    """The images in a folder, then in those below it, in natural order; other files are passed over.

    Links are followed, and one that leads back up ends there. Memory is bounded by the largest single folder.
    """
    for found in _folders(folder):
        if found.error:
            yield MissingPhoto(found.path, f"the folder cannot be read: {found.error}")
        for name in found.images:
            yield photo_named(named_in(found.path, name))


def matches(pattern: str) -> Iterator[str]:
    """The files and folders that a pattern names, as a shell would; `**` is any folders below, also none."""
    parts = pattern.split("/")
    if _ANY_FOLDERS not in parts:
        yield from sorted(glob.glob(pattern), key=natural)  # noqa: PTH207 (Path.glob takes no absolute pattern)
        return
    place = parts.index(_ANY_FOLDERS)
    above = "/".join(parts[:place]) or ("/" if place else ".")
    below = "/".join(parts[place + 1 :]) or _ANY
    for top in matches(above) if glob.has_magic(above) else [above]:
        for folder in _folders(top):
            for match in matches(named_in(glob.escape(folder.path), below)):
                # Folders that all match are looked through one by one anyway.
                if below != _ANY or not Path(match).is_dir():
                    yield match


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder, the names of its images, and why it cannot be read, if so."""

    path: str
    images: list[str] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A folder to be looked into, and the device and number of each one above it."""

    path: str
    above: tuple[tuple[int, int], ...] = ()


def _folders(top: str) -> Iterator[_Folder]:
    waiting = [_Waiting(top)]
    while waiting:
        here = waiting.pop()
        try:
            status = Path(here.path).stat()
            with os.scandir(here.path) as scan:
                entries = {entry.name: _is_folder(entry) for entry in scan if not is_system(entry.name)}
        except OSError as error:
            yield _Folder(here.path, error=reason(error))
            continue
        identity = (status.st_dev, status.st_ino)
        if identity in here.above:
            continue
        images = sorted((name for name, folder in entries.items() if is_image(name) and not folder), key=natural)
        yield _Folder(here.path, images)
        inner = sorted((name for name, folder in entries.items() if folder), key=natural, reverse=True)
        waiting += [_Waiting(named_in(here.path, name), (*here.above, identity)) for name in inner]


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def named_in(folder: str, name: str) -> str:
    """What a photograph of a folder is called, by its name from there."""
    return name if folder == "." else f"{folder.rstrip('/')}/{name}"
