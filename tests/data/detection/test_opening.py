"""Layouts are recognised, alone and beside each other, in folders and zips."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenets.data.detection.opening import Layout, open_detection, opened_detection
from mobilenets.data.detection.writing import write_detection
from mobilenets.errors import UsageError

Coco = Callable[..., Path]


@pytest.fixture
def owls(coco: Coco) -> Path:
    """A COCO set with a box."""
    return coco({"bbox": [1, 2, 3, 4]})


def _described(source: Path) -> tuple[Layout, list[tuple[str, str | None, list[list[float]]]]]:
    opened = opened_detection(str(source))
    rows = [(one.photo.name, one.split, one.objects) for one in opened.collection.examples]
    return opened.layout, [(name, split, [] if one is None else one.boxes.tolist()) for name, split, one in rows]


@pytest.mark.parametrize("layout", ["coco", "voc", "yolo"])
@pytest.mark.parametrize("around", ["", "some/folder/"])
def test_a_zip_is_read_in_place(owls: Path, tmp_path: Path, layout: Layout, around: str) -> None:
    folder = write_detection(open_detection(str(owls)), tmp_path / "out", layout=layout).folder
    archive = tmp_path / "out.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, f"{around}{file.relative_to(folder)}")
        packed.writestr("__MACOSX/x.txt", "nothing")
    layout, rows = _described(folder)
    assert _described(archive) == (layout, [(f"{around}{name}", *rest) for name, *rest in rows])
    photo = open_detection(str(archive)).examples[0].photo
    assert photo.read() == (owls / "train" / "a.jpg").read_bytes()


def test_of_several_layouts_the_richest_is_read_and_the_others_told(owls: Path, tmp_path: Path) -> None:
    collection = open_detection(str(owls))
    everything = write_detection(collection, tmp_path / "out", layout="yolo").folder
    voc = write_detection(collection, tmp_path / "voc", layout="voc").folder
    shutil.copytree(voc / "Annotations", everything / "Annotations")
    assert opened_detection(str(everything)).layout == "yolo"
    shutil.copytree(owls, everything, dirs_exist_ok=True)
    opened = opened_detection(str(everything))
    assert opened.layout == "coco"
    assert opened.collection.notes[0] == "read as COCO; there are files of YOLO and Pascal VOC too, which are not read"
    (everything / "data.yaml").unlink()
    shutil.rmtree(everything / "annotations")
    assert opened_detection(str(everything)).layout == "voc"


def test_other_json_is_passed_over(owls: Path) -> None:
    (owls / "package.json").write_text(json.dumps({"images": "many"}))
    (owls / "annotations" / "captions_train2017.json").write_text("not read")
    assert len(open_detection(str(owls)).examples) == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere", "there is no .*nowhere.*: name COCO"),
        ("photo.jpg", "is no source of photographs with boxes: name COCO"),
        ("empty", "has no annotations of boxes: expected COCO"),
        ("damaged.zip", "is no zip or a damaged one"),
    ],
)
def test_what_is_no_source(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "photo.jpg").touch()
    (tmp_path / "damaged.zip").write_bytes(b"PK no more")
    with pytest.raises(UsageError, match=words) as caught:
        open_detection(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_notes_of_a_whole_set_are_few(shared_data: Path) -> None:
    assert len(open_detection(str(shared_data / "coco_mini")).notes) == 2
