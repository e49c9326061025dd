"""Files written whole or not at all."""

import contextlib
import errno
import os
import re
from collections.abc import Callable
from pathlib import Path

from mobilenets.errors import JobError

_REMEDIES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there",
    errno.EACCES: "choose another folder or get the right to write there",
    errno.EPERM: "choose another folder or get the right to write there",
    errno.EROFS: "choose another folder",
    errno.EISDIR: "choose another name or take the folder away",
}


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    After a crash at any moment `path` is the old file or the new one. The temporary file ends as `path` does, for
    writers that go by the ending; what a killed process left of one is removed by the next write. Raises `JobError` in
    one line where the disk is full or the folder cannot be written; nothing is left behind then.
    """
    try:
        temporary = _temporary(path)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {_because(error)}") from error
    try:
        write(temporary)
        _to_disk(temporary)
        temporary.replace(path)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {_because(error)}; what was there is untouched") from error
    finally:
        temporary.unlink(missing_ok=True)
    # Not every file system can flush a folder; where it cannot, the file is in place all the same.
    with contextlib.suppress(OSError):
        _to_disk(path.parent)


def write_text_whole(path: Path, text: str) -> None:
    """`write_whole` for text in UTF-8.

    What UTF-8 cannot hold, the bytes of a file name that is none, is written as JSON writes it (`\\udcff`).
    """
    write_bytes_whole(path, text.encode("utf-8", errors="backslashreplace"))


def write_bytes_whole(path: Path, data: bytes) -> None:
    """`write_whole` for bytes."""

    def write(temporary: Path) -> None:
        temporary.write_bytes(data)

    write_whole(path, write)


def reason(error: OSError) -> str:
    """Why the system refused, in its own words ("No space left on device")."""
    return error.strerror or str(error)


def _because(error: OSError) -> str:
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{reason(error)}: {remedy}" if remedy else reason(error)


def _temporary(path: Path) -> Path:
    """A new, empty file beside `path`, with the permissions that any new file has."""
    _check_kind(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # a folder that cannot be listed may still be written
        _clear_leftovers(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}-{os.urandom(4).hex()}.part{path.suffix}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return temporary


def _check_kind(path: Path) -> None:
    """A device or pipe would be replaced by a file, and a file cannot hold others."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise FileExistsError(errno.EEXIST, "it is a device or a pipe, not a file")
    blocking = next((folder for folder in path.parents if folder.exists() and not folder.is_dir()), None)
    if blocking is not None:
        raise NotADirectoryError(errno.ENOTDIR, f"{blocking} is a file and not a folder")


def _clear_leftovers(path: Path) -> None:
    ours = re.compile(rf"\.{re.escape(path.stem)}\.([0-9]{{1,9}})-[0-9a-f]{{8}}\.part{re.escape(path.suffix)}")
    for other in path.parent.iterdir():
        found = ours.fullmatch(other.name)
        if found and not _runs(int(found[1])):
            other.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    """Whether a process of this number is there; where the system has no such question, it may be."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _to_disk(path: Path) -> None:
    """Flush a file or a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
