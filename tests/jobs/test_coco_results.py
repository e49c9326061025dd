"""Detections as COCO's results, with pycocotools as the reader."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobilenets.data.inputs import photographs
from mobilenets.jobs.coco_results import CocoResults, known_ids
from mobilenets.prediction.predict import Prediction
from mobilenets.tasks.detect.answers import Detections

SHARES = np.array([[0.1, 0.2, 0.5, 1.0], [0.0, 0.0, 1 / 3, 0.5]], np.float32)
FOUND = Detections(("owl", "ibis"), SHARES, np.array([1, 0]), np.array([0.91, 1.234567e-7], np.float32), (100, 300))


def _ids(*names: str) -> list[int]:
    results = CocoResults((5, 90))
    return [results.of(Prediction(name, FOUND))[0]["image_id"] for name in names]


def test_boxes_are_corner_and_size_in_pixels_and_categories_keep_their_numbers() -> None:
    first, second = CocoResults((5, 90)).of(Prediction("val/000000000139.jpg", FOUND))
    assert first == {
        "image_id": 139,
        "category_id": 90,
        "bbox": [30.0, 20.0, 120.0, 80.0],
        "score": pytest.approx(0.91, abs=1e-7),
        "file_name": "val/000000000139.jpg",
    }
    assert second["category_id"] == 5
    assert second["bbox"] == [0.0, 0.0, 100.0, 50.0]
    assert np.float32(second["score"]) == np.float32(1.234567e-7)


def test_what_has_no_boxes_has_no_results() -> None:
    results = CocoResults((5, 90))
    assert results.of(Prediction("1.jpg", error="truncated")) == []
    assert results.of(Prediction("2.jpg", FOUND.above(1))) == []
    assert results.renumbered == 0


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("b.jpg", "a.jpg"), [1, 2]),
        (("2.jpg", "a.jpg", "b.jpg"), [2, 1, 3]),
        (("a.jpg", "0001.png"), [1, 2]),
        (("5.jpg", "x/5.jpg", "05.jpg"), [5, 1, 2]),
        (("2024.mp4#000007", "2024.mp4#000008"), [1, 2]),
        (("٣.jpg", "²3.jpg", "3", "-3.jpg"), [1, 2, 3, 4]),
    ],
)
def test_photographs_are_known_by_their_number_or_get_one(names: tuple[str, ...], expected: list[int]) -> None:
    assert _ids(*names) == expected


def test_a_coco_folder_says_the_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("c/val2017", "c/annotations"):
        Path(folder).mkdir(parents=True)
    for name in ("7.jpg", "8.jpg", "9.jpg"):
        Image.new("RGB", (8, 8)).save(Path("c/val2017") / name)
    images = [{"id": 70, "file_name": "7.jpg"}, {"id": 9, "file_name": "8.jpg"}]
    Path("c/annotations/instances_val2017.json").write_text(
        json.dumps({"images": images, "annotations": [], "categories": [{"id": 5, "name": "owl"}]})
    )
    for source in ("c", "c/", "."):
        ids = known_ids([source])
        results = CocoResults((5, 90), ids)
        names = [photo.name for photo in photographs([source])]
        assert len(names) == 3
        assert [results.of(Prediction(name, FOUND))[0]["image_id"] for name in names] == [70, 9, 1]
        assert results.renumbered == 1  # 9 is the id of 8.jpg
    shutil.make_archive("z", "zip", "c")
    assert known_ids(["z.zip", "c/val2017", "c/val2017/7.jpg", "gone"]) == {
        "z.zip/val2017/7.jpg": 70,
        "z.zip/val2017/8.jpg": 9,
    }


def test_coco_mini(shared_data: Path) -> None:
    ids = known_ids([str(shared_data / "coco_mini")])
    names = {photo.name for photo in photographs([str(shared_data / "coco_mini")])}
    assert len(names & set(ids)) == 159
    assert all(int(Path(name).stem) == identity for name, identity in ids.items())


def test_numbers_that_were_not_kept_are_counted() -> None:
    results = CocoResults((5, 90))
    for name in ("5.jpg", "x/5.jpg", "a.jpg", "05.jpg"):
        results.of(Prediction(name, FOUND))
    assert results.renumbered == 2


def test_pycocotools_reads_them_and_finds_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def annotation(place: int, category: int, box: list[float]) -> dict[str, Any]:
        area = box[2] * box[3]
        return {"id": place, "image_id": 139, "category_id": category, "bbox": box, "area": area, "iscrowd": 0}

    truth = {
        "images": [{"id": 139, "height": 100, "width": 300, "file_name": "000000000139.jpg"}],
        "categories": [{"id": 5, "name": "owl"}, {"id": 90, "name": "ibis"}],
        "annotations": [annotation(1, 90, [30, 20, 120, 80]), annotation(2, 5, [0, 0, 100, 50])],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps(CocoResults((5, 90)).of(Prediction("000000000139.jpg", FOUND))))
    coco = COCO(str(tmp_path / "truth.json"))
    scored = COCOeval(coco, coco.loadRes(str(tmp_path / "found.json")), "bbox")
    scored.evaluate()
    scored.accumulate()
    scored.summarize()
    assert scored.stats[0] == pytest.approx(1.0)
    capsys.readouterr()
