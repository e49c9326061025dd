"""A zip of a folder of photographs, read in place: nothing is unpacked to disk (see `layout`)."""

import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from mobilenets.data.layout import arrange
from mobilenets.data.photos import Collection, Example, Photo, zip_photo
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.files import reason

_ENCRYPTED = 0x1
_LEAD = re.compile(r"^(\.?/)+")
# Methods of the zip specification (APPNOTE 4.4.5) that programs offer and this does not read.
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ"}
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_archive(archive: Path) -> Collection:
    """The photographs of a zip, stored or deflated, with or without a common top folder.

    Raises `UsageError` where the zip is damaged, encrypted or packed by another method, or holds nothing to learn
    from (see `layout.arrange`).
    """
    members, repeated = _members(archive)
    files = {name: info for name, info in members.items() if not info.is_dir()}
    layout = arrange(files, _folders(members), where=str(archive))
    photos = _photos([photo.path for photo in layout.photos], archive, files)
    examples = (Example(photos[photo.path], photo.label, photo.split) for photo in layout.photos)
    notes = [f"{counted(repeated, 'member')} of {archive} replaced by a later one of the same name"] if repeated else []
    return Collection(name=archive.stem, examples=tuple(examples), notes=(*layout.notes, *notes))


def files_inside(archive: Path) -> list[str]:
    """The names of all files in a zip; raises `UsageError` where it is damaged."""
    members, _ = _members(archive)
    return [name for name, info in members.items() if not info.is_dir()]


def photos_inside(names: Iterable[str], archive: Path) -> dict[str, Photo]:
    """Photographs of a zip by name; raises `UsageError` where one is encrypted or packed by another method."""
    members, _ = _members(archive)
    return _photos(names, archive, members)


def _photos(names: Iterable[str], archive: Path, members: Mapping[str, zipfile.ZipInfo]) -> dict[str, Photo]:
    wanted = {name: members[name] for name in names}
    _check_readable(wanted.values(), archive)
    place = archive.absolute()
    return {name: zip_photo(name, place, info) for name, info in wanted.items()}


def _members(archive: Path) -> tuple[dict[str, zipfile.ZipInfo], int]:
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = opened.infolist()
    except zipfile.BadZipFile as error:
        raise UsageError(f"{archive} is no zip or a damaged one ({error}): make it again") from error
    except OSError as error:
        raise UsageError(f"{archive} cannot be read: {reason(error)}") from error
    # Some Windows programs write `\` between the parts of a name, some others begin it with `./` or `/`.
    members = {_LEAD.sub("", info.filename.replace("\\", "/")): info for info in infos}
    return members, len(infos) - len(members)


def _folders(names: Iterable[str]) -> set[str]:
    """Every folder that is a member itself or holds one."""
    folders: set[str] = set()
    for name in names:
        folder = name.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def _check_readable(infos: Iterable[zipfile.ZipInfo], archive: Path) -> None:
    for info in infos:
        if info.flag_bits & _ENCRYPTED:
            raise UsageError(f"{archive} is encrypted ({info.filename}): unpack it and pass the folder")
        if info.compress_type not in _READABLE:
            method = _METHODS.get(info.compress_type, str(info.compress_type))
            raise UsageError(
                f"{archive} is packed by the method {method} ({info.filename}): only stored and deflated members are "
                f"read in place; unpack it and pass the folder, or pack it with `zip -0 -r`"
            )
