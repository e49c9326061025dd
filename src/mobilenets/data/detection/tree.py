"""Files by their names from one folder, the same for a folder on disk and a zip read in place."""

import os
from collections.abc import Iterable
from pathlib import Path
from posixpath import normpath
from typing import Protocol

from mobilenets.data.archive import files_inside, photos_inside
from mobilenets.data.folder import files_below
from mobilenets.data.naming import is_system, natural
from mobilenets.data.photos import BadImage, FilePhoto, Photo
from mobilenets.errors import UsageError
from mobilenets.files import reason


class Tree(Protocol):
    """Files that are named by their path from one folder, with `/` between the parts."""

    @property
    def where(self) -> str:
        """What messages call it."""

    def inside(self, folder: str = "") -> tuple[str, ...]:
        """The names of all files in a folder and below it, in natural order, without the system's own."""

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""

    def read(self, name: str) -> bytes:
        """The bytes of a file; raises `UsageError` where it cannot be read."""

    def photo(self, name: str) -> Photo:
        """The photograph of this name, which need not be there."""


class FolderTree:
    """Files on disk; `..` in a name leads out of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def where(self) -> str:
        return str(self._folder)

    def inside(self, folder: str = "") -> tuple[str, ...]:
        place = self._folder / folder
        if not place.is_dir():
            return ()
        return _ordered(joined(folder, name) for name in files_below(place))

    def has(self, name: str) -> bool:
        try:
            return (self._folder / name).is_file()
        except (OSError, ValueError):  # a name too long, or with a zero byte
            return False

    def read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise UsageError(f"{self._folder / name} cannot be read: {why}") from error

    def photo(self, name: str) -> Photo:
        return FilePhoto(name, self._folder)


class ZipTree:
    """Files of a zip, stored or deflated."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        names = [name for name in files_inside(archive) if not any(map(is_system, name.split("/")))]
        self._names = _ordered(names)
        self._photos = photos_inside(names, archive)

    @property
    def where(self) -> str:
        return str(self._archive)

    def inside(self, folder: str = "") -> tuple[str, ...]:
        return tuple(name for name in self._names if not folder or name.startswith(f"{folder}/"))

    def has(self, name: str) -> bool:
        return name in self._photos

    def read(self, name: str) -> bytes:
        try:
            return self._photos[name].read()
        except KeyError:
            raise UsageError(f"{self._archive} has no {name}: make it again") from None
        except BadImage as error:
            raise UsageError(f"{self._archive}/{name} cannot be read: {error}") from error

    def photo(self, name: str) -> Photo:
        return self._photos.get(name) or FilePhoto(name, self._archive)


class Below:
    """A tree from one of its folders on."""

    def __init__(self, tree: Tree, top: str) -> None:
        self._tree, self._top = tree, top

    @property
    def where(self) -> str:
        return f"{self._tree.where}/{self._top}"

    def inside(self, folder: str = "") -> tuple[str, ...]:
        cut = len(self._top) + 1
        return tuple(name[cut:] for name in self._tree.inside(joined(self._top, folder)))

    def has(self, name: str) -> bool:
        return self._tree.has(joined(self._top, name))

    def read(self, name: str) -> bytes:
        return self._tree.read(joined(self._top, name))

    def photo(self, name: str) -> Photo:
        return self._tree.photo(joined(self._top, name))


def joined(folder: str, name: str) -> str:
    """A name in a folder as seen from where the folder is named, with `.` and `..` resolved."""
    path = normpath(f"{folder}/{name}" if folder else name or ".")
    return "" if path == "." else path


def relative(path: Path, folder: Path) -> str:
    """A path on disk as a tree of the folder names it."""
    return Path(os.path.relpath(path, folder)).as_posix()


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=natural))
