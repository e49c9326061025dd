"""An index of photographs, and what is found in it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from safetensors.numpy import load_file, save_file

from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.faces.index import read_index, write_index
from mobilenets.jobs.faces.search import index, search
from mobilenets.jobs.faces.threshold import set_threshold

QUIET = Console(quiet=True)


@pytest.fixture
def file(embedder: Path, people: Path, tmp_path: Path) -> Path:
    return index(people, model=embedder, out=tmp_path / "people.index", console=QUIET).file


def test_a_photograph_of_the_folder_finds_itself(file: Path, embedder: Path, people: Path) -> None:
    wanted = people / "p3" / "p3_0002.png"
    found = search(wanted, index=file, model=embedder, top=3)
    assert found.searched == 48
    assert found.hits[0].name == str(wanted)
    assert found.hits[0].distance == pytest.approx(0, abs=1e-5)
    distances = [hit.distance for hit in found.hits]
    assert distances == sorted(distances)
    assert [hit.same for hit in found.hits] == [None, None, None]


def test_hits_say_whether_they_are_the_same_person(file: Path, embedder: Path, people: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(embedder, tmp_path / "model"))
    limit = set_threshold(str(people), model=model, split="all", console=QUIET).threshold
    found = search(people / "p3" / "p3_0002.png", index=file, model=model, top=48)
    assert found.threshold == limit
    assert [hit.same for hit in found.hits] == [hit.distance <= limit for hit in found.hits]


def test_an_index_holds_names_of_any_letters(tmp_path: Path) -> None:
    names = ["a/b.jpg", "", "Zoë 顔.png", "line\nbreak.jpg", b"\xff.jpg".decode(errors="surrogateescape")]
    vectors = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    write_index(tmp_path / "x.index", vectors, names, {"weights": "abc"})
    opened = read_index(tmp_path / "x.index")
    assert [opened.name(place) for place in range(len(opened))] == names
    assert (opened.vectors == vectors).all()
    assert opened.identity == {"weights": "abc"}


def test_photographs_that_cannot_be_read_are_named_and_left_out(embedder: Path, people: Path, tmp_path: Path) -> None:
    folder = tmp_path / "faces"
    for copy in range(3):
        shutil.copytree(people, folder / str(copy))
    (folder / "broken.jpg").write_bytes(b"no image")
    made = index(folder, model=embedder, out=tmp_path / "x.index", console=QUIET)
    assert made.photographs == 3 * 48
    assert list(made.bad) == [str(folder / "broken.jpg")]
    for number in range(5):
        (folder / f"broken{number}.jpg").write_bytes(b"no image")
    with pytest.raises(JobError, match="at most 1% may be"):
        index(folder, model=embedder, out=tmp_path / "y.index", console=QUIET)
    assert not (tmp_path / "y.index").exists()


def test_an_index_of_other_weights_is_refused(file: Path, embedder: Path, people: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(embedder, tmp_path / "other"))
    tensors = load_file(other / "model.safetensors")
    tensors = {name: tensor * np.float32(1.5) if tensor.ndim else tensor for name, tensor in tensors.items()}
    save_file(tensors, other / "model.safetensors")
    with pytest.raises(UsageError, match="was made with other weights than those of"):
        search(people / "p0" / "p0_0001.png", index=file, model=other)


def test_aligned_faces_are_another_way_of_showing_them(embedder: Path, people: Path, tmp_path: Path) -> None:
    made = index(people, model=embedder, out=tmp_path / "x.index", aligned=True, console=QUIET)
    face = people / "p0" / "p0_0001.png"
    assert search(face, index=made.file, model=embedder, aligned=True, top=1).hits[0].name == str(face)
    with pytest.raises(UsageError, match="was made with photographs shown otherwise than those of"):
        search(face, index=made.file, model=embedder)


def test_what_is_no_index_is_refused_in_one_line(file: Path, embedder: Path, people: Path, tmp_path: Path) -> None:
    face = people / "p0" / "p0_0001.png"
    with pytest.raises(UsageError, match=r"^there is no index"):
        search(face, index=tmp_path / "none", model=embedder)
    with pytest.raises(UsageError, match=r"^\S+ is no index, or of another format"):
        search(face, index=embedder / "model.safetensors", model=embedder)
    damaged = tmp_path / "damaged.index"
    damaged.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(UsageError, match=r"^\S+ is damaged"):
        search(face, index=damaged, model=embedder)
    with pytest.raises(UsageError, match="top 0 is under 1"):
        search(face, index=file, model=embedder, top=0)


def test_nothing_is_lost_that_was_not_meant_to_be(file: Path, embedder: Path, people: Path, tmp_path: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(UsageError, match="would be lost: choose another name, or --overwrite"):
        index(people, model=embedder, out=file, console=QUIET)
    with pytest.raises(UsageError, match="is a folder: name a file"):
        index(people, model=embedder, out=tmp_path, console=QUIET)
    assert file.read_bytes() == before
    index(people, model=embedder, out=file, overwrite=True, console=QUIET)
    assert file.read_bytes() == before
