"""Files and folders written whole or not at all."""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from mobilenets.errors import JobError

_FLUSHED_AT_A_TIME = 8
_REMEDIES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there",
    errno.EACCES: "choose another folder or get the right to write there",
    errno.EPERM: "choose another folder or get the right to write there",
    errno.EROFS: "choose another folder",
    errno.EISDIR: "choose another name or take the folder away",
}


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file, then put it in place: see `whole_file`."""
    with whole_file(path) as temporary:
        write(temporary)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to fill, put in place in one step when the block ends well.

    After a crash at any moment `path` is the old file or the new one. The temporary file ends as `path` does, for
    writers that go by the ending; what a killed process left of one is removed by the next write. Raises `JobError` in
    one line where the disk is full or the folder cannot be written; nothing is left behind then.
    """
    try:
        temporary = _temporary(path)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {_because(error)}") from error
    try:
        yield temporary
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


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, put in place of `path` when the block ends well; after a failure nothing of it is left.

    What is at `path` then is replaced, whatever it holds: see to it first that nothing is lost. It is moved aside
    before the new one takes its name and removed after; a crash between the two leaves it under a hidden name. Raises
    `JobError` in one line where the disk is full or the place cannot be written, also for an `OSError` of the block.
    """
    path = path.resolve()
    try:
        temporary = _temporary(path, folder=True)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {_because(error)}") from error
    try:
        yield temporary
        _all_to_disk(temporary)
        with contextlib.suppress(OSError):  # as below
            _to_disk(temporary)
        aside = _hidden(path, "old")
        _exchange(temporary, path, aside=aside)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {_because(error)}; what was there is untouched") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(aside, ignore_errors=True)
    # Not every file system can flush a folder.
    with contextlib.suppress(OSError):
        _to_disk(path.parent)


def _exchange(new: Path, path: Path, *, aside: Path) -> None:
    """Give `new` the name `path`; what has it goes `aside`, and back if that fails."""
    replaced = path.exists()
    if replaced:
        path.rename(aside)
    try:
        new.rename(path)
    except OSError:
        if replaced:
            aside.rename(path)
        raise


def expanded(path: str) -> Path:
    """A path with its `~` replaced by the home folder; one of nobody here stays, for a file may be called that."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def reason(error: OSError) -> str:
    """Why the system refused, in its own words ("No space left on device")."""
    return error.strerror or str(error)


def _because(error: OSError) -> str:
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{reason(error)}: {remedy}" if remedy else reason(error)


def _temporary(path: Path, *, folder: bool = False) -> Path:
    """A new, empty file or folder beside `path`, with the permissions that any new one has."""
    _check_kind(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # a folder that cannot be listed may still be written
        _clear_leftovers(path)
    temporary = _hidden(path, "part")
    if folder:
        temporary.mkdir()
        return temporary
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return temporary


def _hidden(path: Path, kind: str) -> Path:
    """A name beside `path` that no other process takes; it ends as `path` does."""
    return path.with_name(f".{path.stem}.{os.getpid()}-{os.urandom(4).hex()}.{kind}{path.suffix}")


def _check_kind(path: Path) -> None:
    """A device or pipe would be replaced by a file, and a file cannot hold others."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise FileExistsError(errno.EEXIST, "it is a device or a pipe, not a file")
    blocking = next((folder for folder in path.parents if folder.exists() and not folder.is_dir()), None)
    if blocking is not None:
        raise NotADirectoryError(errno.ENOTDIR, f"{blocking} is a file and not a folder")


def _clear_leftovers(path: Path) -> None:
    # A folder that was moved aside is all there is of it until another stands in its place.
    kinds = "(?:part|old)" if path.exists() else "part"
    ours = re.compile(rf"\.{re.escape(path.stem)}\.([0-9]{{1,9}})-[0-9a-f]{{8}}\.{kinds}{re.escape(path.suffix)}")
    for other in path.parent.iterdir():
        found = ours.fullmatch(other.name)
        if not found or _runs(int(found[1])):
            continue
        if other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
        else:
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


def _all_to_disk(folder: Path) -> None:
    """Flush everything in a folder. Many at a time: a disk writes what waits together, and one by one takes minutes."""
    from concurrent.futures import ThreadPoolExecutor  # slow to import, and few verbs write folders

    with ThreadPoolExecutor(_FLUSHED_AT_A_TIME) as pool:
        list(pool.map(_to_disk, folder.rglob("*")))


def _to_disk(path: Path) -> None:
    """Flush a file or a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
