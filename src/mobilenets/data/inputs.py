"""Photographs without labels, from whatever `predict` is pointed at; found as they are asked for."""

import glob
import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from mobilenets.data.finding import MissingPhoto, matches, photo_named, photos_below
from mobilenets.data.naming import is_image, is_system, is_video, natural
from mobilenets.data.photos import FilePhoto, Photo, zip_photo
from mobilenets.data.piped import PipedPhoto, image_or_names, standard_input
from mobilenets.data.sources import is_embedded, open_collection
from mobilenets.data.video import frames
from mobilenets.errors import UsageError
from mobilenets.files import expanded, reason

STANDARD_INPUT = "-"
_TABLES = (".csv", ".tsv")
_KINDS = "files that end in .jpg, .png, .webp, .heic and the like"
_ENCRYPTED = 0x1


def photographs(sources: Sequence[str], *, every: int | None = None) -> Iterator[Photo]:
    """The photographs of files, folders (with their sub-folders), globs, zips, tables, named data sets and "-".

    "-" is an image or a list of names on standard input; what a list or a glob names is looked up when its turn
    comes. In folders and zips, hidden and system files are passed over and so is what is no image by its name. With
    `every`, a video is each so many-th of its frames, which are large: keep none. Raises `UsageError` at once for a
    source that is not there or holds no photograph, and for a video where it is not asked for or the extra is missing.
    """
    if not sources:
        raise UsageError('no photographs given: name files, folders or globs, or "-" for standard input')
    # Every source is looked up before the first photograph is read.
    found = [_piped(every) if source == STANDARD_INPUT else _opened(source, every) for source in sources]
    return chain.from_iterable(found)


def _piped(every: int | None) -> Iterator[Photo]:
    stream = standard_input()

    def found() -> Iterator[Photo]:
        piped = image_or_names(stream)
        if isinstance(piped, PipedPhoto):
            yield piped
        else:
            for name in piped:
                yield from _in_turn(name, every) if is_video(name) else [photo_named(name)]

    return found()


def _opened(source: str, every: int | None) -> Iterator[Photo]:
    if not source:
        raise UsageError("an empty name is no photograph: is a variable of the shell unset?")
    path = expanded(source)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
    except (OSError, ValueError) as error:
        return _absent(source, error, every)
    if stat.S_ISDIR(mode):
        return _some(photos_below(str(path)), f"{source} holds no photographs ({_KINDS})")
    if path.suffix.lower() == ".zip":
        return _some(_in_zip(path), f"{source} holds no photographs ({_KINDS})")
    if path.suffix.lower() in _TABLES:
        return _in_collection(source)
    if is_video(path.name):
        return _frames(path, every)
    return iter([FilePhoto(str(path), Path())])


def _frames(video: Path, every: int | None) -> Iterator[Photo]:
    if every is None:
        raise UsageError(f"{video} is a video, and only predict looks at those: name photographs")
    return frames(video, name=str(video), every=every)


def _absent(source: str, error: OSError | ValueError, every: int | None) -> Iterator[Photo]:
    if is_embedded(source):
        return _in_collection(source)
    if glob.has_magic(source):
        return _some(_in_glob(source, every), f"{source!r} matches no file: check the pattern")
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise UsageError(f"{source} cannot be read: {reason(error)}")
    raise UsageError(f"{source} is not there: name a file, a folder, a glob or '-' for standard input")


def _some(photos: Iterator[Photo], otherwise: str) -> Iterator[Photo]:
    """The same photographs; raises `UsageError` where there is none."""
    first = next(photos, None)
    if first is None:
        raise UsageError(otherwise)
    return chain([first], photos)


def _in_glob(pattern: str, every: int | None) -> Iterator[Photo]:
    for match in matches(pattern):
        yield from _in_turn(match, every)


def _in_turn(name: str, every: int | None) -> Iterator[Photo]:
    """What a name in a list stands for as it is now, or why there is nothing."""
    try:
        yield from _opened(name, every)
    except UsageError as error:
        yield MissingPhoto(name, str(error))


def _in_collection(source: str) -> Iterator[Photo]:
    collection = open_collection(source, needs=())
    missing = (MissingPhoto(name, why) for name, why in collection.bad.items())
    return chain((example.photo for example in collection.examples), missing)


def _in_zip(archive: Path) -> Iterator[Photo]:
    """The images of a zip, labelled or not, read in place."""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise UsageError(f"{archive} is no zip or a damaged one ({why}): make it again") from error
    for member in sorted(members, key=lambda one: natural(one.filename)):
        parts = member.filename.replace("\\", "/").split("/")
        if is_image(parts[-1]) and not any(map(is_system, parts)):
            yield _member(archive, member)


def _member(archive: Path, member: zipfile.ZipInfo) -> Photo:
    name = f"{archive}/{member.filename}"
    if member.flag_bits & _ENCRYPTED:
        return MissingPhoto(name, "encrypted in the zip")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return MissingPhoto(name, "packed in the zip by a method other than deflate")
    return zip_photo(name, archive.absolute(), member)
