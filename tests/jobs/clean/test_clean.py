"""A noisy folder cleaned: the two tables, what they say, and that `train` can use them."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mobilenets.data.sources import open_collection
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.clean import Cleaned, clean
from mobilenets.run import Cleaning


def _picture(seed: int) -> Image.Image:
    """Coarse random colours, scaled up: something to hash."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((80, 60), Image.Resampling.BICUBIC)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A clean folder that is divided, and a noisy one with one photograph of each thing that may be wrong."""
    clean_one, noisy = tmp_path / "clean", tmp_path / "noisy"
    for split, first in (("train", 0), ("val", 10), ("test", 20)):
        for place, label in enumerate("ab"):
            _save(_picture(first + place), clean_one / split / label / "0.png")
    for place, label in enumerate("ab"):
        for number in range(4):
            _save(_picture(100 + 10 * place + number), noisy / label / f"{number}.png")
    _save(_picture(10).resize((200, 150)), noisy / "a" / "copy of val.jpg")
    _save(_picture(21).transpose(Image.Transpose.FLIP_LEFT_RIGHT), noisy / "a" / "copy of test.png")
    _save(_picture(0), noisy / "a" / "copy of train.png")
    _save(_picture(110), noisy / "a" / "also b.png")
    _save(_picture(111), noisy / "b" / "x 1 again.jpg")
    (noisy / "b" / "broken.jpg").write_bytes(b"\xff\xd8 cut")
    return clean_one, noisy


def _save(image: Image.Image, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file)


def _clean(noisy: Path, **named: Any) -> Cleaned:
    return clean(str(noisy), console=Console(quiet=True), **named)


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_what_went_is_listed_with_the_reason_and_what_it_resembles(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clean_one, noisy = folders
    cleaned = _clean(noisy, against=str(clean_one), out=tmp_path / "kept.csv")
    rows = {row["file"]: (row["label"], row["reason"], row["like"], row["by"]) for row in _rows(cleaned.removed_table)}
    assert rows == {
        "a/copy of val.jpg": ("a", "held out", "val/a/0.png", "hash"),
        "a/copy of test.png": ("a", "held out", "test/b/0.png", "hash"),
        "a/also b.png": ("a", "cross-listed", "b/0.png", "hash"),
        "b/0.png": ("b", "cross-listed", "a/also b.png", "hash"),
        "b/x 1 again.jpg": ("b", "repeated", "b/1.png", "hash"),
        "b/broken.jpg": ("b", "unreadable", "", "not an image"),
    }
    assert cleaned.removed == {"unreadable": 1, "held out": 2, "cross-listed": 2, "repeated": 1}
    assert (cleaned.photographs, cleaned.kept) == (14, 8)
    assert cleaned.removed_table == tmp_path / "kept-removed.csv"


def test_the_table_is_a_source_of_the_photographs_that_stay(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clean_one, noisy = folders
    cleaned = _clean(noisy, against=str(clean_one), out=tmp_path / "kept.csv")
    kept = open_collection(str(cleaned.table))
    assert [row["file"] for row in _rows(cleaned.table)][:2] == ["noisy/a/0.png", "noisy/a/1.png"]
    assert len(kept.examples) == cleaned.kept
    assert all(example.photo.read() for example in kept.examples)
    assert kept.splits == ()


def test_photographs_elsewhere_are_named_by_their_full_path(folders: tuple[Path, Path], tmp_path: Path) -> None:
    cleaned = _clean(folders[1], out=tmp_path / "deep" / "down" / "kept.csv")
    assert all(Path(row["file"]).is_absolute() for row in _rows(cleaned.table))
    assert len(open_collection(str(cleaned.table)).examples) == cleaned.kept


def test_against_an_undivided_folder_no_photograph_of_it_may_stay(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clean_one, noisy = folders
    cleaned = _clean(noisy, against=str(clean_one / "train"), out=tmp_path / "kept.csv")
    assert [row["file"] for row in _rows(cleaned.removed_table) if row["reason"] == "held out"] == [
        "a/copy of train.png"
    ]


def test_the_features_of_weights_are_compared(
    folders: tuple[Path, Path], tmp_path: Path, checkpoint: Callable[..., Path]
) -> None:
    """Only features: the copies that hashes find are found by them too, and nobody says that they were not compared."""
    clean_one, noisy = folders
    found = _clean(
        noisy,
        against=str(clean_one),
        out=tmp_path / "kept.csv",
        weights=str(checkpoint()),
        cleaning=Cleaning(hash_bits=-1, feature_distance=1e-4),
    )
    rows = _rows(found.removed_table)
    assert {row["file"] for row in rows if row["by"] == "features"} >= {"a/copy of test.png", "a/also b.png", "b/0.png"}
    assert not any("hashes alone" in note for note in found.notes)
    assert any("hashes alone" in note for note in _clean(noisy, out=tmp_path / "other.csv").notes)


def test_labels_are_doubted_without_clean_photographs_too(
    folders: tuple[Path, Path], tmp_path: Path, checkpoint: Callable[..., Path]
) -> None:
    """Nobody is trusted then: the noisy photographs judge each other alone."""
    found = _clean(
        folders[1],
        out=tmp_path / "kept.csv",
        weights=str(checkpoint()),
        cleaning=Cleaning(feature_distance=0.0, doubt=0.9),
    )
    doubted = [row for row in _rows(found.removed_table) if row["reason"] == "doubtful"]
    assert doubted
    assert all(row["by"] == "probability" and float(row["distance"]) < 0.9 for row in doubted)
    assert {row["like"] for row in doubted} <= {"a", "b"}


def test_it_follows_from_the_photographs_alone(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clean_one, noisy = folders
    tables = [_clean(noisy, against=str(clean_one), out=tmp_path / name).table for name in ("one.csv", "two.csv")]
    assert tables[0].read_bytes() == tables[1].read_bytes()


def test_a_test_photograph_that_cannot_be_read_is_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clean_one, noisy = folders
    (clean_one / "val" / "a" / "0.png").write_bytes(b"nothing")
    cleaned = _clean(noisy, against=str(clean_one), out=tmp_path / "kept.csv")
    assert cleaned.removed["held out"] == 1
    assert cleaned.notes[-1] == (
        "1 clean photograph that cannot be read, compared with none: val/a/0.png (not an image)"
    )


def test_a_name_that_no_table_can_hold_goes(folders: tuple[Path, Path], tmp_path: Path) -> None:
    _, noisy = folders
    strange = noisy / "a" / "caf\udce9.png"
    try:
        _save(_picture(500), strange)
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    cleaned = _clean(noisy, out=tmp_path / "kept.csv")
    assert cleaned.removed["unreadable"] == 2
    assert "its name is not UTF-8" in cleaned.removed_table.read_text(errors="surrogateescape")
    open_collection(str(cleaned.table))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"out": "kept.txt"}, r"--out kept.txt: the table of photographs that stay ends in .csv"),
        ({"cleaning": Cleaning(doubt=0.1)}, r"doubt 0.1 needs features: name the --weights"),
        ({"cleaning": Cleaning(hash_bits=-1)}, r"leave nothing to compare: use --hash-bits 8 or --weights"),
        ({"against": "nowhere"}, r"there is no 'nowhere'"),
        ({"weights": "nothing-of-this-name"}, r"nothing-of-this-name"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    named: dict[str, Any], message: str, folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        _clean(folders[1], **named)
    assert not list(tmp_path.glob("*.csv"))


def test_a_table_that_is_there_is_kept(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "kept-removed.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"kept-removed.csv is there already: choose another --out, or --overwrite"):
        _clean(folders[1], out=tmp_path / "kept.csv")
    _clean(folders[1], out=tmp_path / "kept.csv", overwrite=True)
    assert (tmp_path / "kept-removed.csv").read_text() != "mine"


def test_photographs_that_are_no_files_cannot_be_listed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"digits: a table of photographs names files on disk; unpack them"):
        clean("digits", out=tmp_path / "kept.csv", console=Console(quiet=True))


def test_a_collection_of_which_nothing_stays_is_a_failure(tmp_path: Path) -> None:
    for label in "ab":
        _save(_picture(1), tmp_path / "noisy" / label / "0.png")
    with pytest.raises(JobError, match=r"no photograph of noisy stays \(2 left out \(2 under several labels\)\)"):
        _clean(tmp_path / "noisy", out=tmp_path / "kept.csv")


@pytest.mark.parametrize(
    ("field", "value"), [("hash_bits", 33), ("hash_bits", -2), ("feature_distance", 1.5), ("doubt", 1.0)]
)
def test_limits_outside_theirs_are_refused(field: str, value: float) -> None:
    with pytest.raises(UsageError, match=field.replace("_", "-")):
        Cleaning(**{field: value})
