"""Photographs decoded once, whatever happens to them, to the cache and to other runs meanwhile."""

import json
import multiprocessing
import os
import pickle
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobilenets.data import entry as entries
from mobilenets.data import shapes
from mobilenets.data.cache import Prepared, prepare
from mobilenets.data.photos import ArrayPhoto, BadImage, FilePhoto, Photo
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.reading import Decoded, Pixels
from mobilenets.data.shapes import Centre, Shape, Whole

SHAPE = Whole(16)


def pixels_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (20 + number % 3, 24, 3), dtype=np.uint8)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the entries, not there yet."""
    monkeypatch.setenv("MOBILENETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "photographs"


@pytest.fixture
def photos(tmp_path: Path) -> list[FilePhoto]:
    """Seven photographs in a folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(7):
        Image.fromarray(pixels_of(number)).save(folder / f"{number}.png")
    return [FilePhoto(f"{number}.png", folder) for number in range(7)]


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was decoded, in a list that grows."""
    seen: list[bytes] = []
    decode = shapes.decode

    def counting(data: bytes, *, at_least: int | None = None) -> np.ndarray:
        seen.append(data)
        return decode(data, at_least=at_least)

    monkeypatch.setattr(shapes, "decode", counting)
    return seen


@dataclass(frozen=True)
class Counted:
    """A photograph that counts how often it is read."""

    photo: Photo
    reads: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        return self.photo.name

    def read(self) -> bytes:
        self.reads[self.name] += 1
        return self.photo.read()


def ready(photos: Sequence[Photo], shape: Shape = SHAPE, *, gigabytes: float = 1.0, threads: int = 2) -> Prepared:
    return prepare(photos, shape, gigabytes=gigabytes, threads=threads, advance=abs)


def content(pixels: Pixels) -> list[bytes]:
    return [pixels[place].tobytes() for place in range(len(pixels))]


def built(cache: Path) -> list[Path]:
    return [one for one in cache.iterdir() if not one.name.startswith(".")]


def leftovers(cache: Path) -> list[Path]:
    return [one for one in cache.iterdir() if one.name.startswith(".")]


def test_photographs_are_decoded_once_and_then_neither_decoded_nor_read(
    cache: Path, photos: list[FilePhoto], decodes: list[bytes]
) -> None:
    counted = [Counted(photo) for photo in photos]
    first = ready(counted)
    assert len(decodes) == 7
    assert (first.bad, first.note) == ({}, "")
    assert len(set(first.digests)) == 7
    reads = [one.reads.total() for one in counted]
    for _ in range(3):
        assert content(first.pixels) == content(Decoded(photos, SHAPE))
    assert [one.reads.total() for one in counted] == reads
    decodes.clear()
    second = ready(counted)
    assert content(second.pixels) == content(first.pixels)
    assert second.digests == first.digests
    assert not decodes
    assert leftovers(cache) == []


def test_pixels_from_the_cache_are_those_that_decoding_gives(cache: Path, shared_data: Path) -> None:
    folder = shared_data / "hymenoptera" / "val" / "ants"
    real = [FilePhoto(file.name, folder) for file in sorted(folder.iterdir())[:6]]
    for shape in (Whole(96), Centre(Preprocessing(resolution=96))):
        assert content(ready(real, shape).pixels) == content(Decoded(real, shape))


def test_a_photograph_that_changed_is_decoded_again(cache: Path, photos: list[FilePhoto]) -> None:
    before = ready(photos)
    status = (photos[3].folder / "3.png").stat()
    Image.fromarray(pixels_of(99)).save(photos[3].folder / "3.png")
    os.utime(photos[3].folder / "3.png", ns=(status.st_atime_ns, status.st_mtime_ns))  # the same date as before
    after = ready(photos)
    changed = [one != other for one, other in zip(content(before.pixels), content(after.pixels), strict=True)]
    assert changed == [place == 3 for place in range(7)]
    assert [one != other for one, other in zip(before.digests, after.digests, strict=True)] == changed
    assert len(built(cache)) == 2


def test_a_folder_that_is_renamed_copied_or_in_another_order_is_found(
    cache: Path, photos: list[FilePhoto], decodes: list[bytes], tmp_path: Path
) -> None:
    (photos[0].folder / "5.png").write_bytes(b"no image")
    before = ready(photos)
    assert list(before.bad) == ["5.png"]
    expected = dict(zip(before.digests, range(7), strict=True))
    copy = shutil.copytree(photos[0].folder, tmp_path / "copy")
    for number in range(7):
        (copy / f"{number}.png").rename(copy / f"new{(number * 3) % 7}.png")
    decodes.clear()
    after = ready([FilePhoto(f"new{number}.png", copy) for number in range(7)])
    assert [data for data in decodes if data != b"no image"] == []
    assert after.bad == {"new1.png": before.bad["5.png"]}
    for place, digest in enumerate(after.digests):
        if place != 1:
            assert np.array_equal(after.pixels[place], before.pixels[expected[digest]])
    assert len(built(cache)) == 1


def test_copies_of_one_photograph_are_kept_once(cache: Path, photos: list[FilePhoto], decodes: list[bytes]) -> None:
    twice = ready([*photos, *photos[:3]])
    assert len(decodes) == 7
    assert content(twice.pixels)[7:] == content(twice.pixels)[:3]
    assert (built(cache)[0] / entries.PIXELS).stat().st_size == sum(map(len, content(twice.pixels)[:7]))


def test_what_is_kept_is_part_of_the_key(cache: Path, photos: list[FilePhoto]) -> None:
    shown = Preprocessing(resolution=16, mean=(0.1, 0.2, 0.3))
    for shape in (Whole(16), Whole(17), Centre(Preprocessing(resolution=16)), Centre(shown)):
        assert ready(photos, shape).pixels[0].shape[0] == (17 if shape == Whole(17) else 16)
    assert len(built(cache)) == 3


def truncated(entry: Path) -> None:
    os.truncate(entry / entries.PIXELS, 100)


def extended(entry: Path) -> None:
    with (entry / entries.PIXELS).open("ab") as file:
        file.write(b"x")


def index_of(**change: Any) -> Callable[[Path], None]:
    def damage(entry: Path) -> None:
        file = entry / entries.INDEX
        file.write_text(json.dumps({**json.loads(file.read_text()), **change}))

    return damage


def negative(entry: Path) -> None:
    sizes = json.loads((entry / entries.INDEX).read_text())["sizes"]
    index_of(sizes=[[-height, -width] for height, width in sizes])(entry)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "truncated": truncated,
    "extended": extended,
    "no pixels": lambda entry: (entry / entries.PIXELS).unlink(),
    "no index": lambda entry: (entry / entries.INDEX).unlink(),
    "empty": lambda entry: [file.unlink() for file in entry.iterdir()] and None,
    "half an index": lambda entry: os.truncate(entry / entries.INDEX, 50),
    "binary": lambda entry: (entry / entries.INDEX).write_bytes(b"\xff\0\xfe" * 20) and None,
    "no object": lambda entry: (entry / entries.INDEX).write_text("[1, 2]") and None,
    "no sizes": index_of(sizes=[]),
    "wrong sizes": index_of(sizes=[[16, 19]] * 7),
    "negative sizes": negative,
    "sizes of words": index_of(sizes=[["a", "b"]] * 7),
    "sizes of nothing": index_of(sizes=[[None, 1]] * 7),
    "huge sizes": index_of(sizes=[[10**30, 1]] * 7),
    "other photographs": index_of(digests=list("abcdefg")),
    "photographs of lists": index_of(digests=[[1]] * 7),
    "more than there is": index_of(more=1),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_built_again(
    cache: Path, photos: list[FilePhoto], decodes: list[bytes], damage: Callable[[Path], None]
) -> None:
    whole = content(ready(photos).pixels)
    damage(built(cache)[0])
    decodes.clear()
    again = ready(photos)
    assert again.note == ""
    assert content(again.pixels) == whole
    assert len(decodes) == 7
    decodes.clear()
    ready(photos)
    assert not decodes
    assert leftovers(cache) == []


def test_no_photographs_at_all(cache: Path) -> None:
    for _ in range(2):
        nothing = ready([])
        assert len(nothing.pixels) == 0
        assert nothing == Prepared(nothing.pixels, {}, ())


def test_what_cannot_be_read_is_named_with_its_reason(cache: Path, photos: list[FilePhoto]) -> None:
    folder = photos[0].folder
    (folder / "1.png").write_bytes(b"hello")
    (folder / "2.png").write_bytes(b"")
    (folder / "4.png").write_bytes((folder / "4.png").read_bytes()[:80])
    (folder / "6.png").unlink()
    for _ in range(2):
        found = ready(photos)
        assert found.bad == {
            "1.png": "not an image",
            "2.png": "empty file",
            "4.png": "truncated",
            "6.png": "No such file or directory",
        }
        for place in (1, 2, 4, 6):
            with pytest.raises(BadImage, match=found.bad[f"{place}.png"]):
                found.pixels[place]
        assert found.pixels[5].tobytes() == Decoded(photos, SHAPE)[5].tobytes()


def test_photographs_that_cannot_be_read_are_no_copies_of_each_other(cache: Path, photos: list[FilePhoto]) -> None:
    gone = [FilePhoto(name, photos[0].folder) for name in ("gone.png", "gone too.png", "gone \udcff.png")]
    found = ready(gone)
    assert len(set(found.digests)) == 3
    assert len(found.bad) == 3
    assert ready(gone).bad == found.bad


def test_one_that_can_be_read_by_now_is(cache: Path, photos: list[FilePhoto], monkeypatch: pytest.MonkeyPatch) -> None:
    decode = shapes.decode
    lacking = photos[2].read()

    def without(data: bytes, *, at_least: int | None = None) -> np.ndarray:
        if data == lacking:
            raise BadImage("HEIC needs pillow-heif")
        return decode(data, at_least=at_least)

    monkeypatch.setattr(shapes, "decode", without)
    assert ready(photos).bad == {"2.png": "HEIC needs pillow-heif"}
    assert ready(photos).bad == {"2.png": "HEIC needs pillow-heif"}
    monkeypatch.setattr(shapes, "decode", decode)
    assert ready(photos).bad == {}
    assert len(built(cache)) == 1


def test_one_that_changes_while_it_is_read_is_not_kept_under_its_old_content(
    cache: Path, photos: list[FilePhoto]
) -> None:
    class Restless(FilePhoto):
        def read(self) -> bytes:
            data = (self.folder / self.name).read_bytes()
            (self.folder / self.name).write_bytes(data + b"more")
            return data

    found = ready([*photos[:2], Restless("2.png", photos[0].folder)])
    assert found.bad == {"2.png": "changed while it was read"}
    assert ready(photos[:3]).bad == {}


def test_without_a_cache_nothing_is_looked_at(cache: Path, photos: list[FilePhoto], decodes: list[bytes]) -> None:
    counted = [Counted(photo) for photo in photos]
    plain = ready(counted, gigabytes=0)
    assert (plain.bad, plain.digests, plain.note) == ({}, (), "")
    assert not decodes
    assert not any(one.reads for one in counted)
    assert not cache.exists()
    assert content(plain.pixels) == content(Decoded(photos, SHAPE))


def test_more_than_the_limit_is_decoded_anew_and_said(
    cache: Path, photos: list[FilePhoto], decodes: list[bytes]
) -> None:
    size = sum(map(len, content(Decoded(photos, SHAPE))))
    assert ready(photos, gigabytes=size / 1e9).note == ""
    shutil.rmtree(cache)
    large = ready(photos, gigabytes=(size - 1) / 1e9)
    assert large.note.startswith("decoded once the photographs would take about 6.1e-06 GB of cache, over the limit of")
    assert large.note.endswith("GB (--cache-gb): they are decoded anew every epoch")
    assert len(large.digests) == 7
    assert content(large.pixels) == content(Decoded(photos, SHAPE))
    assert list(cache.iterdir()) == []


def test_a_sample_tells_that_a_set_is_too_large(cache: Path, decodes: list[bytes]) -> None:
    # The first ones are small: what they take says nothing of the others.
    sides = [2] * 300 + [40] * 700
    many = [
        ArrayPhoto(f"{place}.png", np.full((side, side), place % 256, np.uint8)) for place, side in enumerate(sides)
    ]
    large = ready([Numbered(one, place) for place, one in enumerate(many)], Whole(40), gigabytes=0.002)
    assert large.note.startswith("decoded once the photographs would take about 0.003")
    assert len(decodes) <= 70
    decodes.clear()
    assert ready([Numbered(one, place) for place, one in enumerate(many)], Whole(40), gigabytes=0.1).note == ""
    assert len(decodes) == 1000


def test_photographs_longer_than_most_stop_at_the_limit(cache: Path) -> None:
    long = [Numbered(ArrayPhoto(f"{place}.png", np.zeros((4, 400), np.uint8)), place) for place in range(20)]
    large = ready(long, Whole(4), gigabytes=9 * 4800 / 1e9)
    assert large.note.startswith("decoded once the photographs would take about 9.6e-05 GB of cache")
    assert list(cache.iterdir()) == []
    assert ready(long, Whole(4), gigabytes=20 * 4800 / 1e9).note == ""


def test_a_process_is_sent_no_pixels(cache: Path, photos: list[FilePhoto]) -> None:
    kept = ready(photos).pixels
    sent = pickle.dumps(kept)
    assert len(sent) < 1000 < sum(map(len, content(kept)))
    assert content(pickle.loads(sent)) == content(kept)


@dataclass(frozen=True)
class Numbered:
    """Photographs of few pixels that are all different files."""

    photo: Photo
    number: int

    @property
    def name(self) -> str:
        return self.photo.name

    def read(self) -> bytes:
        return self.photo.read() + self.number.to_bytes(4, "big")


@pytest.mark.parametrize("threads", [1, 4])
def test_progress_comes_to_every_photograph(cache: Path, threads: int) -> None:
    many = [Numbered(ArrayPhoto(f"{place}.png", np.zeros((4, 4), np.uint8)), place) for place in range(50)]
    for _ in range(2):
        told: list[int] = []
        prepare([*many, *many[:5]], SHAPE, gigabytes=1, threads=threads, advance=told.append)
        assert sum(told) == 55
        assert min(told) > 0
    assert len(told) >= 5  # even where all is found, and only looked up


class TestFolder:
    """A cache folder that is no good costs time, never the run."""

    def decoded_with_note(self, photos: list[FilePhoto], why: str) -> None:
        found = ready(photos)
        assert why in found.note
        assert found.note.startswith("the cache folder ")
        assert found.note.endswith("): photographs are decoded anew every epoch")
        assert "\n" not in found.note
        assert isinstance(found.pixels, Decoded)
        assert content(found.pixels) == content(Decoded(photos, SHAPE))

    def test_that_is_a_file(self, cache: Path, photos: list[FilePhoto]) -> None:
        cache.parent.write_text("mine")
        self.decoded_with_note(photos, "(Not a directory)")
        assert cache.parent.read_text() == "mine"

    def test_of_an_impossible_name(self, cache: Path, photos: list[FilePhoto], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MOBILENETS_CACHE", str(cache.parent / ("x" * 300)))
        self.decoded_with_note(photos, "(File name too long)")

    def test_that_cannot_be_written(
        self, cache: Path, photos: list[FilePhoto], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_args: Any, **_options: Any) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "mkdir", refuse)
        self.decoded_with_note(photos, "(Permission denied)")

    def test_on_a_full_disk(self, cache: Path, photos: list[FilePhoto], monkeypatch: pytest.MonkeyPatch) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("no /dev/full here")
        monkeypatch.setattr("mobilenets.data.cache.PIXELS", "/dev/full")
        self.decoded_with_note(photos, "(No space left on device)")
        assert list(cache.iterdir()) == []

    def test_that_is_read_only_is_of_use_all_the_same(
        self, cache: Path, photos: list[FilePhoto], decodes: list[bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = content(ready(photos).pixels)
        decodes.clear()

        def refuse(*_args: Any, **_options: Any) -> None:
            raise OSError(30, "Read-only file system")

        for name in ("utime", "rename", "mkdir", "unlink", "rmdir"):
            monkeypatch.setattr(os, name, refuse)
        found = ready(photos)
        assert found.note == ""
        assert content(found.pixels) == whole
        assert not decodes

    def test_that_is_read_only_with_a_damaged_entry(
        self, cache: Path, photos: list[FilePhoto], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready(photos)
        truncated(built(cache)[0])

        def refuse(*_args: Any, **_options: Any) -> None:
            raise OSError(30, "Read-only file system")

        for name in ("utime", "rename", "mkdir", "unlink", "rmdir"):
            monkeypatch.setattr(os, name, refuse)
        self.decoded_with_note(photos, "(Read-only file system)")


class TestOtherRuns:
    def test_two_processes_at_once(self, cache: Path, photos: list[FilePhoto]) -> None:
        work = partial(prepare, photos, SHAPE, gigabytes=1.0, threads=1, advance=abs)
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
            found = [future.result() for future in [processes.submit(work) for _ in range(4)]]
        for one in found:
            assert one.note == ""
            assert content(one.pixels) == content(Decoded(photos, SHAPE))
        assert len(built(cache)) == 1
        assert leftovers(cache) == []

    def test_the_second_waits_for_the_first(
        self, cache: Path, photos: list[FilePhoto], decodes: list[bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first_is_in = threading.Event()
        counting = shapes.decode

        def slow(data: bytes, *, at_least: int | None = None) -> np.ndarray:
            first_is_in.set()
            time.sleep(0.05)
            return counting(data, at_least=at_least)

        monkeypatch.setattr(shapes, "decode", slow)
        with ThreadPoolExecutor(2) as runs:
            first = runs.submit(ready, photos, threads=1)
            first_is_in.wait(10)
            second = runs.submit(ready, photos, threads=1)
            assert content(first.result().pixels) == content(second.result().pixels)
        assert len(decodes) == 7

    def test_one_that_stands_still_is_not_waited_for(
        self, cache: Path, photos: list[FilePhoto], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready(photos)
        key = built(cache)[0]
        shutil.rmtree(key)
        monkeypatch.setattr(entries, "_PATIENCE", 0.2)
        with entries.building(key) as theirs:
            (theirs / entries.PIXELS).write_bytes(b"begun")
            assert ready(photos).note == ""
            assert len(built(cache)) == 1
        # Theirs came second: what is there stays.
        assert content(ready(photos).pixels) == content(Decoded(photos, SHAPE))

    def test_killed_in_the_middle_leaves_nothing_half_and_is_cleaned_up_after(
        self, cache: Path, photos: list[FilePhoto], decodes: list[bytes]
    ) -> None:
        # `advance` ends the process at once, in the middle of the pixels.
        work = partial(prepare, photos, SHAPE, gigabytes=1.0, threads=1, advance=os._exit)
        process = multiprocessing.get_context("spawn").Process(target=work)
        process.start()
        process.join()
        assert process.exitcode == 1
        assert built(cache) == []
        assert len(leftovers(cache)) == 1
        assert content(ready(photos).pixels) == content(Decoded(photos, SHAPE))
        assert len(leftovers(cache)) == 1  # so young that it might be another run's
        self.age(leftovers(cache)[0], seconds=60)
        ready(photos[:2])
        assert leftovers(cache) == []

    def test_what_a_living_run_builds_is_left_alone(self, cache: Path, photos: list[FilePhoto]) -> None:
        with entries.building(cache / "other") as theirs:
            self.age(theirs.parent, seconds=10 * 86400)
            ready(photos)
            assert theirs.is_dir()
        assert leftovers(cache) == []

    def test_where_nobody_can_tell_a_day_must_do(self, cache: Path, photos: list[FilePhoto]) -> None:
        young, old = cache / ".building-young", cache / ".building-old"
        for folder, seconds in ((young, 3600), (old, 2 * 86400)):
            (folder / "entry").mkdir(parents=True)
            self.age(folder, seconds=seconds)
        ready(photos)
        assert leftovers(cache) == [young]

    @staticmethod
    def age(folder: Path, *, seconds: float) -> None:
        then = time.time() - seconds
        os.utime(folder, (then, then))

    def test_a_failure_in_the_middle_leaves_nothing(
        self, cache: Path, photos: list[FilePhoto], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_args: Any, **_options: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(shapes, "decode", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ready(photos)
        assert list(cache.iterdir()) == []


class TestForgetting:
    @staticmethod
    def entry(cache: Path, photos: Sequence[Photo], *, used: float, gigabytes: float = 1.0) -> Path:
        before = set(built(cache)) if cache.exists() else set()
        ready(photos, gigabytes=gigabytes)
        (entry,) = set(built(cache)) - before
        then = time.time() - used
        os.utime(entry / entries.INDEX, (then, then))
        return entry

    def test_the_oldest_entries_go_when_there_are_too_many(self, cache: Path, photos: list[FilePhoto]) -> None:
        made = [self.entry(cache, photos[:count], used=seconds) for count, seconds in ((5, 300), (6, 100), (4, 200))]
        ready(photos[:5])  # the first is of use once more
        size = sum(file.stat().st_size for one in (made[0], made[1]) for file in one.iterdir())
        entries.forget_oldest(cache, keep=size, but=made[0])
        assert sorted(built(cache)) == sorted(made[:2])
        entries.forget_oldest(cache, keep=0, but=made[0])
        assert built(cache) == [made[0]]
        assert leftovers(cache) == []

    def test_it_happens_when_something_new_is_kept(self, cache: Path, photos: list[FilePhoto]) -> None:
        limit = sum(map(len, content(Decoded(photos, SHAPE)))) / 1e9
        for count in range(1, 8):
            ready(photos[:count], gigabytes=limit)
        sizes = [sum(file.stat().st_size for file in one.iterdir()) for one in built(cache)]
        assert 1 < len(sizes) < 7
        assert sum(sizes) <= 3 * limit * 1e9
        assert ready(photos, gigabytes=limit).note == ""

    def test_what_is_in_use_stays(self, cache: Path, photos: list[FilePhoto]) -> None:
        used = ready(photos)
        other = self.entry(cache, photos[:3], used=0)
        entries.forget_oldest(cache, keep=0, but=other)
        assert len(built(cache)) == 2
        assert content(used.pixels) == content(Decoded(photos, SHAPE))
        del used
        entries.forget_oldest(cache, keep=0, but=other)
        assert built(cache) == [other]

    def test_what_is_no_entry_is_not_touched(self, cache: Path, photos: list[FilePhoto]) -> None:
        ready(photos)
        (cache / "my notes").mkdir()
        (cache / "my notes" / "note.txt").write_text("keep")
        (cache / "file.txt").write_text("keep")
        entries.forget_oldest(cache, keep=0, but=cache)
        assert {one.name for one in cache.iterdir()} == {"my notes", "file.txt"}

    def test_an_entry_that_another_run_removes_meanwhile_is_no_trouble(
        self, cache: Path, photos: list[FilePhoto], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready(photos)
        found = built(cache)[0]
        monkeypatch.setattr(Path, "glob", lambda *_: iter([cache / "gone", found]))
        entries.forget_oldest(cache, keep=0, but=found)
        assert built(cache) == [found]
