"""Photographs decoded once: bytes of a set, already near the network's size, in one memory-mapped file.

An entry stands in the cache folder under the hash of the photographs' contents and of the shape they are kept in,
so that a renamed or copied folder finds it again and a changed photograph does not.
"""

import hashlib
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from mobilenets.data.cache_folder import cache_folder
from mobilenets.data.decode import decode
from mobilenets.data.photos import BadImage, Photo
from mobilenets.data.preprocess import Preprocessing, central_box
from mobilenets.data.views import Array, cut, shrink
from mobilenets.files import reason

_FORMAT = 1
_GIGABYTE = 1_000_000_000
# The cache folder keeps at most this many times the size that one set may take; the least recently used go first.
_KEEP = 3

Item = TypeVar("Item")
Result = TypeVar("Result")
Advance = Callable[[int], None]


class Shape(Protocol):
    """What is kept of a photograph. `str()` names it in the key of the cache."""

    @property
    def side(self) -> int:
        """Pixels of the shorter side below which a decoder must not scale."""
        ...

    def __call__(self, photograph: Array) -> Array: ...


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole photograph, its shorter side at most `side` pixels: what random views are cut from."""

    side: int

    def __call__(self, photograph: Array) -> Array:
        return shrink(photograph, side=self.side)


@dataclass(frozen=True, slots=True)
class Centre:
    """Exactly what the network is shown in evaluation."""

    preprocessing: Preprocessing

    @property
    def side(self) -> int:
        return self.preprocessing.resolution

    def __call__(self, photograph: Array) -> Array:
        height, width = photograph.shape[:2]
        box = central_box(height, width, self.preprocessing)
        side = self.preprocessing.resolution
        return cut(photograph, box, height=side, width=side).permute(1, 2, 0).contiguous().numpy()


class Pixels(Protocol):
    """Photographs as (H, W, 3) bytes, by place; raises `BadImage` for one that cannot be read."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> Array: ...


@dataclass(frozen=True, slots=True)
class Decoded:
    """Photographs decoded each time they are asked for."""

    photos: Sequence[Photo]
    shape: Shape

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, place: int) -> Array:
        return self.shape(decode(self.photos[place].read(), at_least=self.shape.side))


@dataclass(frozen=True, slots=True)
class Noting:
    """Photographs as they come, with a note of those that cannot be read and why, by name."""

    decoded: Decoded
    bad: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.decoded)

    def __getitem__(self, place: int) -> Array:
        try:
            return self.decoded[place]
        except BadImage as error:
            self.bad[self.decoded.photos[place].name] = str(error)
            raise


@dataclass(frozen=True, slots=True)
class Some:
    """Some of the photographs, in the order of `places`."""

    whole: Pixels
    places: Sequence[int]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: int) -> Array:
        return self.whole[self.places[place]]


class Mapped:
    """Photographs in a cache entry. Worker processes share its pages."""

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / "index.json").read_text())
        self.bad: dict[str, str] = index["bad"]
        self.sizes = np.array(index["sizes"], dtype=np.int64).reshape(-1, 2)
        self.ends = np.cumsum(self.sizes.prod(1) * 3)
        self.reasons: dict[int, str] = {int(place): why for place, why in index["reasons"].items()}
        file = folder / "pixels.bin"
        expected = int(self.ends[-1]) if len(self.ends) else 0
        if file.stat().st_size != expected:
            raise ValueError(f"{file} has {file.stat().st_size} bytes instead of {expected}")
        self.bytes = np.memmap(file, dtype=np.uint8, mode="r") if expected else np.empty(0, dtype=np.uint8)

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, place: int) -> Array:
        if place in self.reasons:
            raise BadImage(self.reasons[place])
        height, width = self.sizes[place]
        end = self.ends[place]
        return np.asarray(self.bytes[end - height * width * 3 : end]).reshape(height, width, 3)


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
    """Decode photographs into the cache folder, or find them there; `advance` is told of each one done.

    A set that would take more than `gigabytes`, or a cache folder that cannot be written, leaves them to be decoded
    each time, and `note` says so.
    """
    if gigabytes == 0:
        return Prepared(Decoded(photos, shape), {}, ())
    with ThreadPoolExecutor(threads) as pool:
        digests = tuple(ahead(pool, _digest, photos, depth=4 * threads))
        entry = cache_folder() / "photographs" / _key(digests, shape)
        pixels = _open(entry)
        if pixels is None:
            try:
                _build(
                    entry,
                    photos,
                    shape,
                    limit=int(gigabytes * _GIGABYTE),
                    pool=pool,
                    depth=4 * threads,
                    advance=advance,
                )
            except _TooLargeError as error:
                return Prepared(Decoded(photos, shape), {}, digests, str(error))
            except OSError as error:
                why = f"the cache folder {entry.parent} cannot be used ({reason(error)})"
                return Prepared(Decoded(photos, shape), {}, digests, f"{why}: photographs are decoded anew every epoch")
            pixels = Mapped(entry)
            _forget_oldest(entry.parent, keep=int(_KEEP * gigabytes * _GIGABYTE), but=entry)
    return Prepared(pixels, pixels.bad, digests)


class _TooLargeError(Exception):
    """The set does not fit the size given."""


def _digest(photo: Photo) -> str:
    try:
        return hashlib.blake2b(photo.read(), digest_size=16).hexdigest()
    except BadImage as error:
        return f"unreadable: {error}"


def _key(digests: Iterable[str], shape: Shape) -> str:
    text = json.dumps([_FORMAT, str(shape), *digests])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _open(entry: Path) -> Mapped | None:
    """The entry if it is there and whole; one that is not is thrown away."""
    if not entry.is_dir():
        return None
    try:
        found = Mapped(entry)
        (entry / "index.json").touch()
        return found
    except (OSError, ValueError, KeyError):
        shutil.rmtree(entry, ignore_errors=True)
        return None


def _build(
    entry: Path,
    photos: Sequence[Photo],
    shape: Shape,
    *,
    limit: int,
    pool: ThreadPoolExecutor,
    depth: int,
    advance: Advance,
) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=entry.parent, prefix=".building-", ignore_cleanup_errors=True) as work:
        folder = Path(work) / "entry"
        folder.mkdir()
        _fill(folder, photos, shape, limit=limit, pool=pool, depth=depth, advance=advance)
        try:
            folder.rename(entry)
        except OSError:
            # Another run made the same entry meanwhile: its content is the same by its name.
            if not entry.is_dir():
                raise


def _fill(
    folder: Path,
    photos: Sequence[Photo],
    shape: Shape,
    *,
    limit: int,
    pool: ThreadPoolExecutor,
    depth: int,
    advance: Advance,
) -> None:
    sizes: list[tuple[int, int]] = []
    reasons: dict[int, str] = {}
    written = 0
    decoded = Decoded(photos, shape)
    with (folder / "pixels.bin").open("wb") as file:
        for place, found in enumerate(ahead(pool, lambda at: _try(decoded, at), range(len(photos)), depth=depth)):
            if isinstance(found, str):
                reasons[place] = found
                sizes.append((0, 0))
            else:
                sizes.append((found.shape[0], found.shape[1]))
                written += found.nbytes
                if written * len(photos) > limit * max(place + 1, min(64, len(photos))):
                    need = written * len(photos) / (place + 1) / _GIGABYTE
                    raise _TooLargeError(
                        f"decoded once the photographs would take about {need:.1f} GB of cache, over the limit of "
                        f"{limit / _GIGABYTE:g} GB (--cache-gb): they are decoded anew every epoch"
                    )
                file.write(found.data)
            advance(1)
    names = {photos[place].name: why for place, why in reasons.items()}
    index = {"sizes": sizes, "reasons": reasons, "bad": names}
    (folder / "index.json").write_text(json.dumps(index))


def _try(pixels: Pixels, place: int) -> Array | str:
    try:
        return pixels[place]
    except BadImage as error:
        return str(error)


def ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], *, depth: int
) -> Iterator[Result]:
    """`map` over threads, in order, with at most `depth` results waiting: bounded memory however long `items` is."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _forget_oldest(folder: Path, *, keep: int, but: Path) -> None:
    """Remove least recently used entries until the rest fit."""
    entries = [(one, one / "index.json") for one in folder.iterdir() if (one / "index.json").is_file()]
    entries.sort(key=lambda pair: pair[1].stat().st_mtime, reverse=True)
    total = 0
    for one, _ in entries:
        total += sum(file.stat().st_size for file in one.iterdir())
        if total > keep and one != but:
            shutil.rmtree(one, ignore_errors=True)
