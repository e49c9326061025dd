"""`mobilenets annotations` as a person and a program see it."""

import json
from pathlib import Path

import pytest
from PIL import Image

from mobilenets.cli.main import main


@pytest.fixture
def owls(tmp_path: Path) -> Path:
    """A YOLO folder: two photographs to learn from, one held out, one of them without a box."""
    folder = tmp_path / "owls"
    for name, rows in (("train/a", "0 0.5 0.5 0.5 0.5\n"), ("train/b", "1 0.5 0.5 2 0.1\n"), ("val/c", "")):
        for kind in ("images", "labels"):
            (folder / kind / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 300)).save(folder / "images" / f"{name}.jpg")
        (folder / "labels" / f"{name}.txt").write_text(rows)
    (folder / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [snowy owl, emu, ibis]\n")
    return folder


def test_it_says_what_is_there(owls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["annotations", str(owls)]) == 0
    said, err = capsys.readouterr()
    assert not err
    assert said.startswith(f"{owls}: YOLO\n")
    assert "note: 1 box beyond the photograph's edge: clipped (images/train/b.jpg)\n" in said
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line.strip()}
    assert rows["train"] == ["train", "2", "0", "2", "0", "1", "1", "0", "0"]
    assert rows["val"] == ["val", "1", "1", "0", "0", "0", "0", "0", "0"]
    assert rows["0"] == ["0", "snowy", "owl", "1", "1", "0", "0"]
    assert rows["2"] == ["2", "ibis", "0", "0", "0", "0"]


def test_json_and_another_layout(owls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "coco"
    assert main(["annotations", str(owls), "--to", "coco", "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["layout"] == "yolo" and said["written"]["layout"] == "coco"
    assert said["written"]["folder"] == str(out)
    assert said["parts"]["train"]["boxes"] == 2
    assert said["categories"][1] == {
        "number": 1,
        "name": "emu",
        "boxes": {"train": 1, "val": 0},
        "photographs": {"train": 1, "val": 0},
    }
    assert main(["annotations", str(out), "--to", "voc", "--out", str(tmp_path / "voc"), "--copy"]) == 0
    said_too = capsys.readouterr().out
    assert f"wrote {tmp_path / 'voc'}: Pascal VOC" in said_too and "note: 3 photographs copied" in said_too
    assert main(["annotations", str(tmp_path / "voc"), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["parts"] == said["parts"] and again["written"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["OWLS", "--to", "coco"], "--to coco writes a folder: name it with --out"),
        (["OWLS", "--out", "OUT"], "needs a layout: add --to coco|voc|yolo"),
        (["OWLS", "--to", "coco", "--out", "OWLS"], "holds data.yaml: choose another folder, or --overwrite"),
        (["OWLS", "--to", "coco", "--out", "OWLS", "--overwrite"], "which is to be written: choose another folder"),
        (["OWLS", "--to", "kitti", "--out", "OUT"], "kitti"),
        (["nowhere"], "there is no 'nowhere': name COCO"),
    ],
)
def test_wrong_requests_get_one_line(
    owls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    names = {"OWLS": str(owls), "OUT": str(tmp_path / "out")}
    assert main(["annotations", *(names.get(one, one) for one in arguments)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_damaged_file_is_named_with_its_line(owls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (owls / "labels" / "val" / "c.txt").write_text("0 0.1 0.1 0.1 0.1\n0 here\n")
    assert main(["annotations", str(owls)]) == 2
    assert "labels/val/c.txt, line 2: '0 here' is no row of numbers" in capsys.readouterr().err
