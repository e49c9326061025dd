"""ILSVRC's validation photographs in every form they are handed out, and folders that are none."""

from pathlib import Path

import pytest

from mobilenets.data.ilsvrc import read_ilsvrc
from mobilenets.data.imagenet_names import wnids
from mobilenets.data.sources import open_collection
from mobilenets.errors import UsageError

# The classes of the first five photographs, by the place of a network's output.
OUTPUTS = (65, 0, 999, 230, 65)


def photographs(folder: Path, *, count: int = 5) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        (folder / f"ILSVRC2012_val_{number:08d}.JPEG").write_bytes(b"")
    return folder


def solution(folder: Path) -> Path:
    """Kaggle's file; its rows are in no order."""
    rows = [f"ILSVRC2012_val_{n:08d},{wnids()[one]} 85 1 499 272 " for n, one in enumerate(OUTPUTS, start=1)]
    file = folder / "LOC_val_solution.csv"
    file.write_text("ImageId,PredictionString\n" + "\n".join(reversed(rows)) + "\n")
    return file


@pytest.mark.parametrize("place", ["", "val", "images", "ILSVRC2012_img_val", "ILSVRC/Data/CLS-LOC/val"])
@pytest.mark.parametrize("nearby", [True, False])
def test_photographs_in_every_usual_place(place: str, nearby: bool, tmp_path: Path) -> None:
    top = tmp_path / "imagenet"
    photographs(top / place)
    solution(top / place if nearby else top)
    collection = open_collection(str(top))
    assert collection.name == "imagenet"
    assert [one.label for one in collection.examples] == [wnids()[one] for one in OUTPUTS]
    assert collection.splits == ("val",)
    assert collection.examples[0].photo.name == (Path(place) / "ILSVRC2012_val_00000001.JPEG").as_posix()
    assert collection.examples[0].photo.read() == b""


def test_the_folder_of_photographs_itself_with_its_labels_beside(tmp_path: Path) -> None:
    photographs(tmp_path / "val")
    solution(tmp_path)
    assert len(open_collection(str(tmp_path / "val")).examples) == 5


def test_some_of_the_photographs(tmp_path: Path) -> None:
    solution(photographs(tmp_path, count=5))
    (tmp_path / "ILSVRC2012_val_00000003.JPEG").unlink()
    (tmp_path / "ILSVRC2012_val_00000777.JPEG").write_bytes(b"")
    (tmp_path / "cover.jpg").write_bytes(b"")
    collection = open_collection(str(tmp_path))
    assert [one.label for one in collection.examples] == [wnids()[one] for one in (65, 0, 230, 65)]
    assert collection.notes == (
        f"4 validation photographs of ILSVRC-2012, labelled by {tmp_path}/LOC_val_solution.csv (wnids)",
        "1 photograph left out: LOC_val_solution.csv has no label for them",
        f"LOC_val_solution.csv lists 1 more photograph, not in {tmp_path}",
    )


def test_training_photographs_come_with_them(tmp_path: Path) -> None:
    photographs(tmp_path / "ILSVRC/Data/CLS-LOC/val")
    for wnid in (wnids()[65], wnids()[0]):
        file = tmp_path / "ILSVRC/Data/CLS-LOC/train" / wnid / f"{wnid}_1.JPEG"
        file.parent.mkdir(parents=True)
        file.write_bytes(b"")
    solution(tmp_path)
    collection = open_collection(str(tmp_path))
    assert collection.splits == ("train", "val")
    assert [one.label for one in collection.part("train")] == [wnids()[0], wnids()[65]]
    assert collection.part("train")[0].photo.read() == b""
    assert len({one.photo.name for one in collection.examples}) == 7


def test_photographs_without_labels(tmp_path: Path) -> None:
    photographs(tmp_path / "val")
    with pytest.raises(
        UsageError, match=r"no file beside says their labels: put one of LOC_val_solution\.csv, .* there"
    ):
        open_collection(str(tmp_path))


def test_labels_of_other_photographs(tmp_path: Path) -> None:
    solution(tmp_path)
    (tmp_path / "ILSVRC2012_val_00049999.JPEG").write_bytes(b"")
    with pytest.raises(UsageError, match="has the label of no photograph"):
        open_collection(str(tmp_path))


@pytest.mark.parametrize(
    "files",
    [
        ["n01440764/ILSVRC2012_val_00000001.JPEG", "n01443537/ILSVRC2012_val_00000002.JPEG"],
        ["val/n01440764/1.JPEG", "val/n01443537/2.JPEG", "train/n01440764/3.JPEG", "train/n01443537/4.JPEG"],
        ["cat/1.jpg", "dog/1.jpg", "val.txt", "labels.csv"],
        ["cat/ILSVRC2012_val_00000001.JPEG", "dog/1.jpg", "labels.csv"],
    ],
)
def test_folders_a_class_are_read_as_any_other(files: list[str], tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert read_ilsvrc(tmp_path) is None
    assert open_collection(str(tmp_path)).labels == tuple(sorted({Path(f).parts[-2] for f in files if "/" in f}))


def test_flat_photographs_of_another_set_stay_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.jpg").write_bytes(b"")
    (tmp_path / "labels.csv").write_text("file,label\n1.jpg,3\n")
    with pytest.raises(UsageError, match=r"if labels\.csv lists the labels, pass "):
        open_collection(str(tmp_path))


def test_the_650_real_photographs(shared_data: Path) -> None:
    collection = open_collection(str(shared_data / "imagenet_val650"))
    assert len(collection.examples) == 650
    first = collection.examples[0]
    assert (first.photo.name, first.label) == ("images/ILSVRC2012_val_00000347.JPEG", "n02951358")
    assert first.photo.read().startswith(b"\xff\xd8")
