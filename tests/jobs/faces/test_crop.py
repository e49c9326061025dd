"""A folder of photographs to a folder of crops: what is written, what is left out, what is refused."""

import csv
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mobilenets.data.decode import decode
from mobilenets.data.faces.aligned import aligned_face
from mobilenets.data.faces.detector import check_detector
from mobilenets.data.folder import read_folder
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.faces.compare import compare
from mobilenets.jobs.faces.crop import LEFT_OUT, align_faces
from mobilenets.jobs.faces.search import index, search

QUIET = Console(quiet=True)
NAMES = ("Hugo_Chavez/Hugo_Chavez_0003", "Tony_Blair/Tony_Blair_0003", "Tony_Blair/Tony_Blair_0010")


@pytest.fixture(scope="module")
def album(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people, and beside them a wall and what is no image. Read only."""
    try:
        check_detector()
    except UsageError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("faces") / "album"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared_data / "lfw100" / f"{name}.jpg", folder / f"{name}.jpg")
    Image.fromarray(np.full((90, 120, 3), 90, np.uint8)).save(folder / "Tony_Blair" / "wall.jpg")
    (folder / "Tony_Blair" / "broken.jpg").write_bytes(b"no image")
    return folder


def _left_out(folder: Path) -> list[list[str]]:
    with (folder / LEFT_OUT).open(newline="", encoding="utf-8") as table:
        return list(csv.reader(table))


def test_crops_stand_where_the_photographs_stood(album: Path, tmp_path: Path) -> None:
    made = align_faces(album, out=tmp_path / "crops", size=96, console=QUIET)
    assert (made.photographs, made.faces, made.by_box) == (5, 3, ())
    left_out = {"Tony_Blair/broken.jpg": "not an image", "Tony_Blair/wall.jpg": "no face found"}
    assert made.left_out == left_out
    assert _left_out(made.folder) == [["photograph", "why"], *map(list, left_out.items())]
    files = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()}
    assert files == {LEFT_OUT, *(f"{name}.png" for name in NAMES)}
    for name in NAMES:
        wanted = aligned_face((album / f"{name}.jpg").read_bytes(), size=96).pixels
        assert (decode((made.folder / f"{name}.png").read_bytes()) == wanted).all()
    assert read_folder(made.folder).labels == ("Hugo_Chavez", "Tony_Blair")


def test_a_zip_and_a_single_photograph(album: Path, tmp_path: Path) -> None:
    packed = tmp_path / "album.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(album / f"{NAMES[0]}.jpg", f"{NAMES[0]}.jpg")
        archive.write(album / f"{NAMES[0]}.jpg", "../outside.jpg")
    made = align_faces(packed, out=tmp_path / "a" / "zip", console=QUIET)
    assert made.photographs == 1  # what leads out of the zip is passed over, as `predict` does
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["zip"]
    one = align_faces(album / f"{NAMES[0]}.jpg", out=tmp_path / "one", console=QUIET)
    crop = one.folder / "Hugo_Chavez_0003.png"
    assert crop.read_bytes() == (made.folder / f"{NAMES[0]}.png").read_bytes()
    assert _left_out(one.folder) == [["photograph", "why"]]


def test_faces_without_eyes_are_named(shared_data: Path, album: Path, tmp_path: Path) -> None:
    """Sun glasses."""
    folder = tmp_path / "dark"
    folder.mkdir()
    shutil.copy(shared_data / "lfw100" / "Arnold_Schwarzenegger" / "Arnold_Schwarzenegger_0008.jpg", folder / "a.jpg")
    made = align_faces(folder, out=tmp_path / "crops", console=QUIET)
    assert (made.faces, made.by_box) == (1, ("a.jpg",))


def test_what_is_refused_in_one_line(album: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "x.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"full is there and not an empty folder: choose another name"):
        align_faces(album, out=full, console=QUIET)
    with pytest.raises(UsageError, match="lies within the photographs"):
        align_faces(album, out=album / "crops", console=QUIET)
    with pytest.raises(UsageError, match=r"size 8 is outside \[16, 1024\]"):
        align_faces(album, out=tmp_path / "x", size=8, console=QUIET)
    with pytest.raises(UsageError, match="is not there: name a folder"):
        align_faces(tmp_path / "none", out=tmp_path / "x", console=QUIET)
    with pytest.raises(UsageError, match=r"x\.txt is no folder, no \.zip and no photograph"):
        align_faces(full / "x.txt", out=tmp_path / "x", console=QUIET)
    twice = tmp_path / "twice"
    twice.mkdir()
    for ending in ("jpg", "png"):
        (twice / f"a.{ending}").write_bytes(b"")
    with pytest.raises(UsageError, match=r"the crops of a\.jpg and a\.png would have one name: rename one"):
        align_faces(twice, out=tmp_path / "x", console=QUIET)
    with pytest.raises(JobError, match=r"gives no crop \(wall\.jpg: no face found\)"):
        align_faces(album / "Tony_Blair" / "wall.jpg", out=tmp_path / "x", console=QUIET)
    assert not (tmp_path / "x").exists()
    assert [path.name for path in full.iterdir()] == ["x.txt"]


def test_aligned_on_the_fly_is_aligned_before(album: Path, embedder: Path, tmp_path: Path) -> None:
    """The model reads 32 x 32 pixels."""
    crops = align_faces(album, out=tmp_path / "crops", size=32, console=QUIET).folder
    raw, cropped = (
        [folder / f"{name}{ending}" for name in NAMES[:2]] for folder, ending in ((album, ".jpg"), (crops, ".png"))
    )
    there = compare(*raw, model=embedder, threshold=1.0, align=True)
    before = compare(*cropped, model=embedder, threshold=1.0, aligned=True)
    assert there.distance == before.distance
    assert there.distance != compare(*raw, model=embedder, threshold=1.0).distance
    with pytest.raises(UsageError, match="--aligned says that faces are cropped already, and --align crops them"):
        compare(*raw, model=embedder, threshold=1.0, align=True, aligned=True)
    with pytest.raises(JobError, match=r"wall\.jpg cannot be used: no face found"):
        compare(raw[0], album / "Tony_Blair" / "wall.jpg", model=embedder, threshold=1.0, align=True)


def test_an_index_leaves_out_what_shows_no_face(album: Path, embedder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(album, tmp_path / "album"))
    (folder / "Tony_Blair" / "broken.jpg").unlink()
    made = index(folder, model=embedder, out=tmp_path / "x.index", align=True, console=QUIET)
    assert (made.photographs, list(made.bad.values())) == (3, ["no face found"])
    wanted = folder / f"{NAMES[2]}.jpg"
    found = search(wanted, index=made.file, model=embedder, align=True, top=1)
    assert found.hits[0].name == str(wanted)
