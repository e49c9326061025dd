"""Photographs where they are: on disk, in a zip, in memory; read from threads and other processes."""

import multiprocessing
import os
import pickle
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from operator import methodcaller
from pathlib import Path

import numpy as np
import pytest

from mobilenets.data.archive import read_archive
from mobilenets.data.decode import decode
from mobilenets.data.photos import ArrayPhoto, BadImage, Collection, Example, FilePhoto, ZipPhoto

# By name, not a function of this file: a spawned process does not import tests.
read = methodcaller("read")


def contents() -> dict[str, bytes]:
    return {f"{label}/{place}.jpg": os.urandom(500) + bytes(500) for label in ("a", "b") for place in range(20)}


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_file_is_read_below_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.jpg").write_bytes(b"content")
    assert FilePhoto("a/1.jpg", tmp_path).read() == b"content"
    assert FilePhoto(str(tmp_path / "a" / "1.jpg"), Path("elsewhere")).read() == b"content"


def test_a_file_that_cannot_be_read_says_why_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match=r"^No such file or directory$"):
        FilePhoto("gone.jpg", tmp_path).read()
    with pytest.raises(BadImage, match=r"^Is a directory$"):
        FilePhoto(".", tmp_path).read()
    with pytest.raises(BadImage, match="null"):
        FilePhoto("a\0b.jpg", tmp_path).read()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_members_are_read_in_place_from_threads_and_processes(tmp_path: Path, method: int) -> None:
    files = contents()
    photos = [example.photo for example in read_archive(zipped(tmp_path / "p.zip", files, method)).examples]
    assert pickle.loads(pickle.dumps(photos)) == photos
    expected = [files[photo.name] for photo in photos]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(read, photos * 5)) == expected * 5
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        assert list(processes.map(read, photos)) == expected


def test_a_zip_behind_other_bytes_is_read(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", contents()).read_bytes()
    (tmp_path / "p.zip").write_bytes(b"#!/bin/sh\nexit\n" + inner)
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        for example in read_archive(tmp_path / "p.zip").examples:
            assert example.photo.read() == archive.read(example.photo.name)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_is_refused_and_the_others_are_read(tmp_path: Path, method: int) -> None:
    path = zipped(tmp_path / "p.zip", contents(), method)
    first, second = (example.photo for example in read_archive(path).examples[:2])
    assert isinstance(first, ZipPhoto)
    data = bytearray(path.read_bytes())
    data[first.offset + 30 + len(first.name) + first.packed // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(BadImage, match=r"^damaged in the zip"):
        first.read()
    assert len(second.read()) == 1000


def test_a_zip_that_changed_or_went_is_noticed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.zip", contents())
    photo = read_archive(path).examples[3].photo
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(BadImage, match="damaged in the zip"):
        photo.read()
    path.write_bytes(b"-" * 10_000)
    with pytest.raises(BadImage, match="no member starts where the zip's directory says"):
        photo.read()
    path.unlink()
    with pytest.raises(BadImage, match="No such file"):
        photo.read()


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.zip", {"a/1.jpg": bytes(1_000_000), "b/1.jpg": b"x"}, zipfile.ZIP_DEFLATED)
    photo = read_archive(path).examples[0].photo
    assert isinstance(photo, ZipPhoto)
    small = ZipPhoto(photo.name, photo.archive, photo.offset, photo.packed, 10, photo.checksum, deflated=True)
    with pytest.raises(BadImage, match="checksum"):
        small.read()


@pytest.mark.parametrize("shape", [(8, 8), (4, 6, 3)])
def test_pixels_in_memory_come_back_exactly(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    photo = pickle.loads(pickle.dumps(ArrayPhoto("0.png", pixels)))
    assert photo.read().startswith(b"\x89PNG")
    found = decode(photo.read())
    assert np.array_equal(found, pixels if len(shape) == 3 else np.repeat(pixels[..., None], 3, axis=2))


def test_labels_and_splits_of_a_collection() -> None:
    photo = FilePhoto("1.jpg", Path())
    examples = [Example(photo, label, split) for label, split in [("10", "val"), ("9", "train"), ("9", "val")]]
    collection = Collection(name="c", examples=tuple(examples))
    assert collection.labels == ("9", "10")
    assert collection.splits == ("train", "val")
    assert collection.part("val") == (examples[0], examples[2])
    assert Collection(name="c", examples=(Example(photo),)).splits == ()
