"""One entry of the cache: a folder with the bytes of its photographs one after another, and an index of them.

A photograph is found by the hash of its content, whatever it is called and wherever it stands in a set.
"""

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from mobilenets.data.locks import hold, is_held
from mobilenets.data.photos import BadImage
from mobilenets.data.views import Array

INDEX, PIXELS, _LOCK = "index.json", "pixels.bin", "lock"
_BUILDING = ".building-"
# What no living run holds may have been begun this very moment; where nothing tells who lives, a day must do (seconds).
_MOMENT, _DAY = 10.0, 86400.0
# Another run is waited for as long as its file grows at least once in this many seconds.
_PATIENCE = 30.0
_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Index:
    """What stands in an entry, in the order of its bytes.

    `digests` are the hashes of the files' contents, `sizes` (N, 2) heights and widths: 0 x 0 for one that cannot be
    read, whose reason stands in `bad` by its digest.
    """

    digests: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)

    def add(self, digest: str, *, size: Sequence[int] = (0, 0), bad: str | None = None) -> None:
        """Note the next photograph, read or not."""
        self.digests.append(digest)
        self.sizes.append((size[0], size[1]))
        if bad is not None:
            self.bad[digest] = bad

    def write(self, folder: Path) -> None:
        """Write it beside the pixels."""
        (folder / INDEX).write_text(json.dumps(asdict(self)))


class Mapped:
    """The photographs of an entry with these digests, memory-mapped: processes share its pages.

    Raises an exception of some kind where the entry is not whole. Of the pixels only the number is checked.
    """

    def __init__(self, folder: Path, digests: Sequence[str]) -> None:
        index = Index(**json.loads((folder / INDEX).read_text()))
        sizes = np.array(index.sizes, dtype=np.int64).reshape(-1, 2)
        ends = np.cumsum(sizes.prod(1) * _CHANNELS)
        rows = {digest: row for row, digest in enumerate(index.digests)}
        if len(rows) != len(sizes) or not rows.keys() >= set(digests) or (sizes < 0).any():
            raise ValueError(f"{folder / INDEX} is damaged")
        self._source = (folder, digests)
        self._bytes = _mapped(folder / PIXELS, size=int(ends[-1]) if rows else 0)
        chosen = [rows[digest] for digest in digests]
        self._sizes, self._ends = sizes[chosen], ends[chosen]
        self.reasons = {place: index.bad[one] for place, one in enumerate(digests) if one in index.bad}

    def __len__(self) -> int:
        return len(self._sizes)

    def __getitem__(self, place: int) -> Array:
        if place in self.reasons:
            raise BadImage(self.reasons[place])
        height, width = self._sizes[place]
        end = self._ends[place]
        return self._bytes[end - height * width * _CHANNELS : end].reshape(height, width, _CHANNELS)

    def __reduce__(self) -> tuple[type["Mapped"], tuple[Path, Sequence[str]]]:
        # Else a worker process that is not forked would be sent every pixel.
        return Mapped, self._source


def _mapped(file: Path, *, size: int) -> Array:
    with file.open("rb") as stream:
        found = os.fstat(stream.fileno()).st_size
        if found != size:
            raise ValueError(f"{file} has {found} bytes instead of {size}")
        hold(stream, shared=True)
        return np.asarray(np.memmap(stream, np.uint8, mode="r")) if size else np.empty(0, np.uint8)


@contextlib.contextmanager
def building(entry: Path) -> Iterator[Path]:
    """A folder to build an entry in, put in its place when the block ends well; after a failure nothing is left.

    A run that is killed leaves its folder to the next run that builds something. Of two runs that build the same entry
    the first one's stays. Raises `OSError` where the folder cannot be written.
    """
    entry.parent.mkdir(parents=True, exist_ok=True)
    clear_leftovers(entry.parent)
    prefix = f"{_BUILDING}{entry.name}-"
    with tempfile.TemporaryDirectory(dir=entry.parent, prefix=prefix, ignore_cleanup_errors=True) as work:
        folder = Path(work) / "entry"
        folder.mkdir()
        with (Path(work) / _LOCK).open("wb") as lock:
            hold(lock)
            yield folder
            # No flush to the disk before: after a power cut a file is shorter than its index says, which is noticed.
            try:
                folder.rename(entry)
            except OSError:
                if not entry.is_dir():
                    raise


def wait_for_others(entry: Path) -> None:
    """Wait while another run builds the same entry and gets on with it."""
    for work in entry.parent.glob(f"{_BUILDING}{entry.name}-*"):
        size, since = -1, time.monotonic()
        while is_held(work / _LOCK) and time.monotonic() - since < _PATIENCE:
            now = _size(work / "entry" / PIXELS)
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.1)


def discard(entry: Path) -> None:
    """Take an entry away in one step, so that no half of it is ever seen; one that may not be moved stays."""
    aside = entry.with_name(f"{_BUILDING}{entry.name}-{os.urandom(4).hex()}")
    with contextlib.suppress(OSError):
        entry.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def clear_leftovers(folder: Path) -> None:
    """Remove what killed runs were building."""
    for work in folder.glob(f"{_BUILDING}*"):
        held = is_held(work / _LOCK)
        if not held and _age(work) > (_DAY if held is None else _MOMENT):
            shutil.rmtree(work, ignore_errors=True)


def forget_oldest(folder: Path, *, keep: int, but: Path) -> None:
    """Remove entries until the rest take at most `keep` bytes, those first that were used last; none in use."""
    used = sorted(((_used(entry), entry) for entry in folder.glob("[!.]*") if _used(entry)), reverse=True)
    total = 0
    for _, entry in used:
        total += _size(entry / PIXELS) + _size(entry / INDEX)
        if total > keep and entry != but and not is_held(entry / PIXELS):
            discard(entry)


def mark_used(entry: Path) -> None:
    """Note that an entry is of use, if it may be written."""
    with contextlib.suppress(OSError):
        os.utime(entry / INDEX)


def _used(entry: Path) -> float:
    """When an entry was used last; 0 for what is none or is being removed by another run."""
    try:
        return (entry / INDEX).stat().st_mtime
    except OSError:
        return 0.0


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except OSError:
        return 0.0


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
