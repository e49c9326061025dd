"""Photographs decoded once: bytes of a set, already near the network's size, in one memory-mapped file.

An entry stands in the cache folder under the hash of the photographs' contents and of the shape they are kept in,
so that a renamed, copied or reordered folder finds it again and a changed photograph does not.
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mobilenets.cache_folder import cache_folder
from mobilenets.data.entry import PIXELS, Index, Mapped, building, discard, forget_oldest, mark_used, wait_for_others
from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.reading import Decoded, Noting, Pixels, Some, ahead
from mobilenets.data.shapes import Centre, Shape, Whole, shaped
from mobilenets.data.views import Array
from mobilenets.files import reason

__all__ = ["Advance", "Centre", "Decoded", "Noting", "Pixels", "Prepared", "Shape", "Some", "Whole", "ahead", "prepare"]

_FORMAT = 2
_GIGABYTE = 1_000_000_000
# The cache folder keeps at most this many times the size that one set may take; the least recently used go first.
_KEEP = 3
# So many photographs, evenly spread, tell what all of them will take; they are asked only where that could be too
# much if each were this many times as long as it is wide.
_SAMPLE, _LONGEST = 64, 4
# The part of the work on a new photograph that is looking up whether it is known; the rest is decoding it.
_LOOKING = 0.1

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Photographs ready to be shown, and what was found on the way.

    `bad` is the reason by name of each photograph that cannot be read (empty where they are decoded as they come),
    `digests` the hash of each file's content, `note` says why nothing was cached, if nothing was.
    """

    pixels: Pixels
    bad: dict[str, str]
    digests: tuple[str, ...]
    note: str = ""


def prepare(photos: Sequence[Photo], shape: Shape, *, gigabytes: float, threads: int, advance: Advance) -> Prepared:
    """Decode photographs into the cache folder, or find them there; `advance` is told how many more are done.

    A set that would take more than `gigabytes`, or a cache folder that cannot be used, leaves them to be decoded
    each time, and `note` says so. With 0 gigabytes no photograph is looked at.
    """
    decoded = Decoded(photos, shape)
    if gigabytes == 0:
        return Prepared(decoded, {}, ())
    limit = int(gigabytes * _GIGABYTE)
    folder = cache_folder() / "photographs"
    with ThreadPoolExecutor(threads) as pool:
        progress = _Progress(advance)
        digests = _digests(photos, pool, progress, depth=4 * threads)
        entry = folder / _key(digests, shape)
        try:
            pixels = _Set(decoded, digests, pool, 4 * threads, progress).cached(entry, limit=limit)
        except _TooLargeError as error:
            return Prepared(decoded, {}, digests, f"{error}: they are decoded anew every epoch")
        except OSError as error:
            why = f"the cache folder {folder} cannot be used ({reason(error)})"
            return Prepared(decoded, {}, digests, f"{why}: photographs are decoded anew every epoch")
    progress.finish(len(photos))
    mark_used(entry)
    forget_oldest(folder, keep=_KEEP * limit, but=entry)
    return Prepared(pixels, {photos[place].name: why for place, why in pixels.reasons.items()}, digests)


class _TooLargeError(Exception):
    """The set does not fit the size given."""

    def __init__(self, size: float, *, limit: int) -> None:
        super().__init__(
            f"decoded once the photographs would take about {size / _GIGABYTE:.2g} GB of cache, over the limit of "
            f"{limit / _GIGABYTE:g} GB (--cache-gb)"
        )


@dataclass(slots=True)
class _Progress:
    """Tells of whole photographs, each of which is done in parts."""

    advance: Advance
    done: float = 0.0
    told: int = 0

    def add(self, part: float) -> None:
        self.done += part
        self.finish(math.floor(self.done))

    def finish(self, whole: int) -> None:
        if whole > self.told:
            self.advance(whole - self.told)
            self.told = whole


def _digests(photos: Sequence[Photo], pool: ThreadPoolExecutor, progress: _Progress, *, depth: int) -> tuple[str, ...]:
    found = []
    for digest in ahead(pool, _digest, photos, depth=depth):
        found.append(digest)
        progress.add(_LOOKING)
    return tuple(found)


def _digest(photo: Photo) -> str:
    try:
        return _hash(photo.read())
    except BadImage as error:
        # Named, so that two of them are not taken for copies of one photograph.
        return f"unreadable {photo.name}: {error}"


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _key(digests: Sequence[str], shape: Shape) -> str:
    return _hash(json.dumps([_FORMAT, str(shape), *sorted(set(digests))]).encode())


@dataclass(frozen=True, slots=True)
class _Set:
    """Photographs, the hashes of their contents, and who decodes them."""

    decoded: Decoded
    digests: tuple[str, ...]
    pool: ThreadPoolExecutor
    depth: int
    progress: _Progress

    def cached(self, entry: Path, *, limit: int) -> Mapped:
        """The set in its entry, found or built. Raises `_TooLargeError` and, where it cannot be built, `OSError`."""
        found = self._find(entry)
        if found is None:
            wait_for_others(entry)
            found = self._find(entry)
        if found is None:
            with building(entry) as folder:
                self._fill(folder, limit=limit)
            found = self._open(entry)
        if found is None:
            raise OSError("what is written there cannot be read again")
        return found

    def _find(self, entry: Path) -> Mapped | None:
        """The entry, unless it is not there or damaged, or names a photograph unreadable that no longer is."""
        found = self._open(entry)
        # A reader may have been installed since (HEIC), or memory was short then.
        if found is not None and any(not isinstance(self._look(place), str) for place in found.reasons):
            discard(entry)
            return None
        return found

    def _open(self, entry: Path) -> Mapped | None:
        if not entry.is_dir():
            return None
        try:
            return Mapped(entry, self.digests)
        except Exception:  # a damaged index fails in as many ways as there are, and can be made again
            discard(entry)
            return None

    def _fill(self, folder: Path, *, limit: int) -> None:
        first = {digest: place for place, digest in reversed(tuple(enumerate(self.digests)))}
        places = sorted(first.values())
        self._check_room(places, limit=limit)
        index = Index()
        written = 0
        with (folder / PIXELS).open("wb") as file:
            for place, found in zip(places, ahead(self.pool, self._look, places, depth=self.depth), strict=True):
                digest = self.digests[place]
                if isinstance(found, str):
                    index.add(digest, bad=found)
                else:
                    index.add(digest, size=found.shape)
                    written += file.write(found.data)
                if written > limit:
                    raise _TooLargeError(written / len(index.digests) * len(places), limit=limit)
                self.progress.add(1 - _LOOKING)
        index.write(folder)

    def _check_room(self, places: Sequence[int], *, limit: int) -> None:
        """Raise `_TooLargeError` before much is decoded that would be thrown away."""
        if len(places) * _LONGEST * self.decoded.shape.side**2 * 3 <= limit:
            return
        sample = self.pool.map(self._look, places[:: max(len(places) // _SAMPLE, 1)])
        sizes = [found.nbytes for found in sample if not isinstance(found, str)]
        size = sum(sizes) / max(len(sizes), 1) * len(places)
        if size > limit:
            raise _TooLargeError(size, limit=limit)

    def _look(self, place: int) -> Array | str:
        """The photograph's pixels, or why it has none."""
        try:
            content = self.decoded.photos[place].read()
            if _hash(content) != self.digests[place]:
                return "changed while it was read"
            return shaped(content, self.decoded.shape)
        except BadImage as error:
            return str(error)
