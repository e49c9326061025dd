"""COCO's figures against pycocotools, on real objects and on sets made to be hard."""

import contextlib
import io
import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mobilenets.data.detection.objects import Objects
from mobilenets.errors import JobError, UsageError
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.coco import AREAS, check_evaluator, limits
from mobilenets.tasks.detect.scores import score_detections

SIDE = 128  # shares of it are exact, and so are overlaps at a threshold
LABELS = ("owl", "ibis", "wren")


class Oracle(COCOeval):
    """pycocotools, with difficult objects ignored; it takes what an annotation says of that for its crowd alone."""

    def _prepare(self) -> None:
        super()._prepare()
        for annotations in self._gts.values():
            for one in annotations:
                one["ignore"] = one["iscrowd"] or one["difficult"]


def oracle(
    labels: Sequence[str], found: Sequence[Detections], truths: Sequence[Objects], *, limit: int
) -> dict[str, float]:
    """The figures that exist; a detection's box is what its shares are of the photograph."""
    objects = [
        {
            "image_id": place,
            "category_id": labels.index(label),
            "bbox": [left, top, right - left, bottom - top],
            "area": float(truth.areas[row]),
            "iscrowd": int(truth.crowd[row]),
            "difficult": bool(truth.difficult[row]),
        }
        for place, truth in enumerate(truths)
        for row, (label, (left, top, right, bottom)) in enumerate(zip(truth.labels, truth.boxes.tolist(), strict=True))
        if label in labels
    ]
    results = []
    for place, (one, truth) in enumerate(zip(found, truths, strict=True)):
        height, width = truth.size
        boxes = one.boxes.astype(np.float64) * [width, height, width, height]
        for kind, score, (left, top, right, bottom) in zip(one.kinds, one.scores, boxes.tolist(), strict=True):
            box = [left, top, right - left, bottom - top]
            results.append({"image_id": place, "category_id": int(kind), "bbox": box, "score": float(score)})
    data = {
        "images": [{"id": place} for place in range(len(truths))],
        "categories": [{"id": place, "name": label} for place, label in enumerate(labels)],
        "annotations": [{"id": number, **one} for number, one in enumerate(objects, start=1)],
    }
    return judged(data, results, limit=limit)


def judged(data: dict[str, Any], results: list[dict[str, Any]], *, limit: int = 100) -> dict[str, float]:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = data
        truth.createIndex()
        told = COCO()
        if results:
            told = truth.loadRes(results)
        else:  # loadRes looks at the first
            told.dataset = {**data, "annotations": []}
            told.createIndex()
        evaluator = Oracle(truth, told, "bbox")
        evaluator.params.maxDets = list(limits(limit))
        evaluator.evaluate()
        evaluator.accumulate()
    precision, recall = evaluator.eval["precision"], evaluator.eval["recall"]
    figures = {
        "AP": precision[:, :, :, 0, -1],
        "AP50": precision[0, :, :, 0, -1],
        "AP75": precision[5, :, :, 0, -1],
        **{f"AP_{area}": precision[:, :, :, place, -1] for place, area in enumerate(AREAS) if place},
        **{f"AR{one}": recall[:, :, 0, place] for place, one in enumerate(limits(limit))},
        **{f"AR_{area}": recall[:, :, place, -1] for place, area in enumerate(AREAS) if place},
    }
    return {name: float(values[values > -1].mean()) for name, values in figures.items() if (values > -1).any()}


def agree(found: Sequence[Detections], truths: Sequence[Objects], *, limit: int = 100) -> dict[str, float]:
    expected = oracle(LABELS, found, truths, limit=limit)
    if not expected:
        with pytest.raises(JobError, match="nothing to score"):
            score_detections(LABELS, found, truths, limit=limit)
        return {}
    figures = dict(score_detections(LABELS, found, truths, limit=limit).figures)
    figures.pop("voc_AP50")
    assert figures == pytest.approx(expected, abs=1e-9)
    return figures


@st.composite
def sets(draw: st.DrawFn) -> tuple[list[Detections], list[Objects]]:
    """Few photographs with boxes on a coarse grid and few distinct scores: overlaps at thresholds and ties abound."""
    random = np.random.default_rng(draw(st.integers(0, 99_999)))
    grid = draw(st.sampled_from([1, 4, 16]))
    most = draw(st.sampled_from([0, 3, 12, 150]))
    special = draw(st.sampled_from([0.0, 0.3, 1.0]))
    levels = draw(st.sampled_from([1, 3, 1000]))
    absent = draw(st.sampled_from([(), (0,), (1, 2)]))
    found, truths = [], []
    for _ in range(draw(st.integers(1, 4))):
        count = int(random.integers(0, 8))
        boxes = _boxes(random, count, grid=grid)
        kinds = random.integers(0, 3, count)
        keep = ~np.isin(kinds, absent)
        boxes, kinds = boxes[keep], kinds[keep]
        crowd, difficult = (random.random(len(boxes)) < special / 2 for _ in range(2))
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) * random.choice([1.0, 0.5])
        truths.append(Objects((SIDE, SIDE), boxes, tuple(LABELS[kind] for kind in kinds), crowd, difficult, areas))
        told = int(random.integers(0, most + 1))
        near = boxes[random.integers(0, len(boxes), told)] if len(boxes) else _boxes(random, told, grid=grid)
        near = near + random.integers(-1, 2, near.shape) * grid
        answers = np.where(random.random((told, 1)) < 0.7, near, _boxes(random, told, grid=grid))
        scores = np.sort(random.integers(0, levels, told) / levels)[::-1]
        found.append(
            Detections(
                LABELS,
                (np.hstack([answers[:, :2], np.maximum(answers[:, 2:], answers[:, :2])]) / SIDE).astype(np.float32),
                random.integers(0, 3, told),
                scores.astype(np.float32),
            )
        )
    return found, truths


def _boxes(random: np.random.Generator, count: int, *, grid: int) -> Any:
    low = random.integers(0, SIDE // grid - 1, (count, 2))
    return np.hstack([low, random.integers(low + 1, SIDE // grid)]).astype(np.float64) * grid


@settings(max_examples=300)
@given(made=sets(), limit=st.sampled_from([1, 5, 10, 100, 300]))
def test_they_are_pycocotools_s(made: tuple[list[Detections], list[Objects]], limit: int) -> None:
    agree(*made, limit=limit)


@pytest.mark.parametrize("limit", [10, 100])
def test_of_real_objects_they_are_pycocotools_s(
    coco_val: tuple[tuple[str, ...], list[Detections], list[Objects]], shared_data: Path, limit: int
) -> None:
    """From the file itself, whose categories have gaps in their numbers, not from what was read."""
    labels, found, truths = coco_val
    data = json.loads((shared_data / "coco_mini/annotations/instances_val2017.json").read_text())
    for one in data["annotations"]:
        one["difficult"] = False
    number = {category["name"]: category["id"] for category in data["categories"]}
    results = []
    for image, one in zip(data["images"], found, strict=True):
        boxes = one.boxes.astype(np.float64) * [image["width"], image["height"], image["width"], image["height"]]
        for kind, score, (left, top, right, bottom) in zip(one.kinds, one.scores, boxes.tolist(), strict=True):
            box = [left, top, right - left, bottom - top]
            category = number[labels[kind]]
            results.append({"image_id": image["id"], "category_id": category, "bbox": box, "score": float(score)})
    figures = dict(score_detections(labels, found, truths, limit=limit).figures)
    figures.pop("voc_AP50")
    assert figures == pytest.approx(judged(data, results, limit=limit), abs=1e-9)
    assert 0.2 < figures["AP"] < figures["AP50"] < 0.9
    assert len(figures) == (12 if limit == 100 else 11)


def test_the_first_object_can_be_found(there: Callable[..., Objects], tells: Callable[..., Detections]) -> None:
    found = [tells(LABELS, ("owl", 0.9, 10, 10, 50, 50))]
    assert agree(found, [there(("owl", 10, 10, 50, 50))])["AP"] == pytest.approx(1.0)


def test_without_any_detection_all_is_zero(there: Callable[..., Objects], tells: Callable[..., Detections]) -> None:
    figures = agree([tells(LABELS)], [there(("owl", 10, 10, 50, 50))])
    assert set(figures.values()) == {0.0}


def test_without_any_object_there_is_nothing_to_score(
    there: Callable[..., Objects], tells: Callable[..., Detections]
) -> None:
    assert agree([tells(LABELS, ("owl", 0.9, 10, 10, 50, 50))], [there()]) == {}
    assert agree([tells(LABELS, ("owl", 0.9, 10, 10, 50, 50))], [there(("owl", 10, 10, 50, 50, "crowd"))]) == {}


def test_overlaps_at_a_threshold_are_enough(there: Callable[..., Objects], tells: Callable[..., Detections]) -> None:
    """A box of the same left half overlaps by .5, of 3 quarters by .75."""
    for width, levels in ((32, 1), (48, 6)):
        truth = there(("owl", 0, 0, 64, 64), size=(SIDE, SIDE))
        box = np.array([[0, 0, width, 64]], dtype=np.float32) / SIDE
        found = Detections(LABELS, box, np.array([0]), np.array([0.5], dtype=np.float32))
        assert agree([found], [truth])["AP"] == pytest.approx(levels / 10)


def test_of_equal_scores_the_first_is_the_surer_one(
    there: Callable[..., Objects], tells: Callable[..., Detections]
) -> None:
    wrong, right = ("owl", 0.5, 60, 60, 90, 90), ("owl", 0.5, 10, 10, 50, 50)
    truth = [there(("owl", 10, 10, 50, 50))]
    assert agree([tells(LABELS, wrong, right)], truth)["AP"] == pytest.approx(0.5)
    assert agree([tells(LABELS, right, wrong)], truth)["AP"] == pytest.approx(1.0)


def test_beyond_the_limit_nothing_is_looked_at(there: Callable[..., Objects], tells: Callable[..., Detections]) -> None:
    wrong = [("owl", 0.9 - place / 1000, 60, 60, 90, 90) for place in range(100)]
    right = ("owl", 0.1, 10, 10, 50, 50)
    truth = [there(("owl", 10, 10, 50, 50))]
    assert agree([tells(LABELS, *wrong, right)], truth)["AP"] == 0
    assert agree([tells(LABELS, *wrong[1:], right)], truth)["AP"] > 0
    assert agree([tells(LABELS, *wrong[:9], right)], truth, limit=10)["AP"] > 0
    assert agree([tells(LABELS, *wrong[:10], right)], truth, limit=10)["AP"] == 0


def test_nothing_is_printed(
    there: Callable[..., Objects], tells: Callable[..., Detections], capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for limit in (1, 10, 100, 300):
            agree([tells(LABELS, ("owl", 0.9, 10, 10, 50, 50))], [there(("owl", 10, 10, 50, 50))], limit=limit)
    assert capfd.readouterr() == ("", "")


def test_boxes_beyond_all_measure_are_as_wrong_as_any(
    there: Callable[..., Objects], tells: Callable[..., Detections]
) -> None:
    """COCO forgives what has over 1e10 pixels or a negative area."""
    right = ("owl", 0.5, 10, 10, 50, 50)
    truth = [there(("owl", 10, 10, 50, 50))]
    for box in ((-1e12, -1e12, 1e12, 1e12), (60, 60, 50, 90), (60, 60, 60, 60)):
        assert score_detections(LABELS, [tells(LABELS, ("owl", 0.9, *box), right)], truth).figures[
            "AP"
        ] == pytest.approx(0.5)


def test_without_the_evaluator_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenets.tasks.detect.coco.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"task detect needs hotcoco: pip install 'mobilenets\[detect\]'"):
        check_evaluator()
