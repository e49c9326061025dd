"""What `mobilenets.annotations` counts."""

from pathlib import Path

import pytest

import mobilenets
from mobilenets.errors import UsageError
from mobilenets.jobs.annotations import UNDIVIDED


def test_the_counts_of_real_photographs(shared_data: Path) -> None:
    report = mobilenets.annotations(shared_data / "coco_mini")
    assert report.layout == "coco" and report.written is None
    train, val = report.parts["train"], report.parts["val"]
    assert (train.photographs, train.boxes, train.crowd) == (80, 739, 8)
    assert (val.photographs, val.boxes, val.crowd) == (79, 624, 5)
    for part in (train, val):
        assert part.small + part.medium + part.large == part.boxes - part.crowd
    person = report.categories[0]
    assert (person.number, person.name, person.boxes["train"], person.photographs["train"]) == (1, "person", 172, 36)
    assert sum(one.boxes["val"] for one in report.categories) == 624


def test_what_is_not_divided_is_one_part(shared_data: Path) -> None:
    report = mobilenets.annotations(shared_data / "coco_mini" / "annotations" / "instances_train2017.json")
    assert list(report.parts) == [UNDIVIDED] and report.parts[UNDIVIDED].boxes == 739


def test_an_unknown_layout(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="to 'kitti' is unknown: use one of coco, voc, yolo"):
        mobilenets.annotations(tmp_path, to="kitti", out=tmp_path / "out")  # type: ignore[arg-type]
