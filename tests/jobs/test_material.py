"""Photographs made ready for a run."""

import dataclasses
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from mobilenets.data.embedded import digits
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.material import Material, distortion, divided, material, preprocessing, val_split
from mobilenets.run import Augmentation, Detection, Machine, Run
from mobilenets.tasks.classify import Classify
from mobilenets.tasks.protocol import TaskSettings

Make = Callable[..., Run]


def _silent(words: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda _: None)


def _ready(run: Run) -> Material:
    collection = divided(run)
    task = Classify.learn(collection, settings=TaskSettings())
    return material(run, collection, task, preprocessing(run, collection, task), counting=_silent)


@pytest.fixture
def folder(swatches: Path, tmp_path: Path) -> Path:
    """Swatches that may be changed."""
    return Path(shutil.copytree(swatches, tmp_path / "mine"))


@pytest.fixture
def cached(tiny_run: Make, tmp_path: Path, folder: Path) -> Run:
    """A run that decodes once, into the cache."""
    return tiny_run(tmp_path / "run", data=str(folder), machine=Machine(threads=1))


def test_both_splits_are_there(tiny_run: Make, tmp_path: Path) -> None:
    ready = _ready(tiny_run(tmp_path / "run"))
    assert (ready.train.count, ready.val.count) == (18, 6)
    assert ready.train.pixels[0].shape == (36, 48, 3)  # smaller than 1.5 times the network's side: as it comes
    assert ready.val.pixels[0].shape == (32, 32, 3)
    assert len(ready.notes) == 1


def test_a_broken_photograph_is_left_out_and_said(cached: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "red" / "3.png").write_bytes(b"no image")
    with pytest.raises(JobError, match=r"1 of 24 photographs cannot be used: red/3\.png .*at most 1% may be"):
        _ready(cached)
    monkeypatch.setattr("mobilenets.data.audit.MOST_BAD", 0.05)
    ready = _ready(cached)
    assert ready.train.count + ready.val.count == 23
    assert len(ready.train.pixels) == ready.train.count
    names = [photo.name for part in (ready.train, ready.val) for photo in part.examples.photos]
    assert "red/3.png" not in names
    assert any(note.startswith("1 of 24 photographs cannot be used: red/3.png") for note in ready.notes)
    with pytest.raises(JobError, match="--strict allows none"):
        _ready(dataclasses.replace(cached, strict=True))


def test_what_is_left_keeps_its_label(cached: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenets.data.audit.MOST_BAD", 0.05)
    (folder / "blue" / "0.png").write_bytes(b"")
    ready = _ready(cached)
    for part in (ready.train, ready.val):
        for place in range(part.count):
            channel = {"red": 0, "green": 1, "blue": 2}[part.examples.photos[place].name.split("/")[0]]
            assert part.pixels[place].mean((0, 1)).argmax() == channel
            assert part.examples.truth(place) == {0: 2, 1: 1, 2: 0}[channel]


def test_duplicates_across_splits_are_said(cached: Run, folder: Path) -> None:
    for split in ("train", "val"):
        for label in ("red", "blue"):
            (folder / split / label).mkdir(parents=True)
            shutil.copy(
                folder / label / ("0.png" if label == "red" else f"{split == 'val':d}.png"), folder / split / label
            )
    for label in ("red", "green", "blue"):
        shutil.rmtree(folder / label)
    assert any("1 photograph of val also in train" in note for note in _ready(cached).notes)


@pytest.mark.parametrize("cache_gb", [0.0, 8.0])
def test_the_digest_names_what_is_learnt(tiny_run: Make, tmp_path: Path, folder: Path, cache_gb: float) -> None:
    run = tiny_run(tmp_path / "run", data=str(folder), machine=Machine(threads=1, cache_gb=cache_gb))
    before = _ready(run).digest
    assert _ready(run).digest == before
    assert _ready(dataclasses.replace(run, seed=1)).digest != before  # another split
    moved = Path(shutil.copytree(folder, tmp_path / "moved"))
    assert _ready(dataclasses.replace(run, data=str(moved))).digest == before
    (moved / "red" / "0.png").rename(moved / "red" / "x.png")
    assert _ready(dataclasses.replace(run, data=str(moved))).digest != before


def test_the_digest_sees_another_picture_under_the_same_name(cached: Run, folder: Path) -> None:
    before = _ready(cached).digest
    shutil.copy(folder / "red" / "0.png", folder / "red" / "1.png")
    assert _ready(cached).digest != before


def test_photographs_without_train(tiny_run: Make, tmp_path: Path, folder: Path) -> None:
    run = tiny_run(tmp_path / "run", data=str(folder))
    (folder / "val").mkdir()
    for label in ("red", "green", "blue"):
        (folder / label).rename(folder / "val" / label)
    with pytest.raises(UsageError):
        divided(run)


def test_a_collection_is_followed_on_val_or_else_on_test() -> None:
    photo = ArrayPhoto("a.png", np.zeros((2, 2), dtype=np.uint8))

    def split(*names: str) -> str:
        return val_split(Collection(name="x", examples=tuple(Example(photo, "a", name) for name in names)))

    assert split("train", "val", "test") == "val"
    assert split("train", "test") == "test"


def test_an_empty_split_is_named(tiny_run: Make, tmp_path: Path) -> None:
    collection = divided(tiny_run(tmp_path / "run"))
    unlabelled = tuple(
        dataclasses.replace(one, label=None) if one.split == "val" else one for one in collection.examples
    )
    run, task = tiny_run(tmp_path / "run"), Classify(("blue", "green", "red"))
    with pytest.raises(
        UsageError, match="swatches: val has no photographs: put some there or give one undivided folder"
    ):
        material(
            run,
            dataclasses.replace(collection, examples=unlabelled),
            task,
            preprocessing(run, collection, task),
            counting=_silent,
        )


def test_the_data_set_says_what_may_be_done_to_it(tiny_run: Make, tmp_path: Path, swatches: Path) -> None:
    plain = tiny_run(tmp_path / "run", augmentation=Augmentation())
    photographs = divided(plain)
    task = Classify(("one", "other"))
    assert [preprocessing(plain, one, task).crop for one in (digits(), photographs)] == [1.0, 0.875]
    drawn, seen = distortion(plain, digits()), distortion(plain, photographs)
    assert (drawn.min_area, drawn.mirror, drawn.colour) == (0.6, False, False)
    assert (seen.min_area, seen.mirror, seen.colour) == (0.25, True, True)


def test_settings_go_over_what_the_data_set_says(tiny_run: Make, tmp_path: Path) -> None:
    run = tiny_run(
        tmp_path / "run", augmentation=Augmentation(min_area=0.9, flip="on", colour="on"), crop=0.5, squash=True
    )
    varied, shown = distortion(run, digits()), preprocessing(run, digits(), Classify(("0",)))
    assert (varied.min_area, varied.mirror, varied.colour) == (0.9, True, True)
    assert (shown.crop, shown.squash, shown.resolution) == (0.5, True, 32)


@pytest.mark.parametrize(("until", "epochs", "most"), [(0.85, 60, 51), (0.85, 3, 2), (1.0, 7, 7), (0.0, 9, 0)])
def test_mosaics_close_before_the_end(tmp_path: Path, until: float, epochs: int, most: int) -> None:
    detection = Detection(mosaic=0.5, mosaic_until=until)
    varied = distortion(Run(data="x", out=tmp_path, task="detect", epochs=epochs, detection=detection), digits())
    assert (varied.mosaic, varied.mosaic_epochs) == (0.5, most)
