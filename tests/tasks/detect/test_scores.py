"""What the scores of detections say beside the figures themselves."""

from collections.abc import Callable

import numpy as np
import pytest

from mobilenets.data.detection.objects import Objects
from mobilenets.errors import JobError, UsageError
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.scores import score_detections

LABELS = ("owl", "ibis", "wren")
There = Callable[..., Objects]
Tells = Callable[..., Detections]


def test_figures_that_do_not_exist_are_left_out_and_told(there: There, tells: Tells) -> None:
    scores = score_detections(LABELS, [tells(LABELS)], [there(("owl", 10, 10, 50, 50))])
    assert scores.headline == "AP"
    assert list(scores.figures) == [
        *("AP", "AP50", "AP75", "AP_medium", "AR1", "AR10", "AR100", "AR_medium", "voc_AP50"),
    ]
    assert {"no object is small: no AP_small, no AR_small", "no object is large: no AP_large, no AR_large"} <= set(
        scores.notes
    )


def test_a_lower_limit_names_its_own_recall(there: There, tells: Tells) -> None:
    figures = score_detections(LABELS, [tells(LABELS)], [there(("owl", 10, 10, 50, 50))], limit=10).figures
    assert [name for name in figures if name.startswith("AR") and name[2:].isdigit()] == ["AR1", "AR10"]


def test_labels_that_the_model_does_not_know_are_told(there: There, tells: Tells) -> None:
    truth = there(("owl", 10, 10, 50, 50), ("emu", 10, 10, 50, 50), ("emu", 60, 60, 90, 90), ("auk", 60, 60, 90, 90))
    found = tells(LABELS, ("owl", 0.9, 10, 10, 50, 50))
    scores = score_detections(LABELS, [found], [truth])
    assert scores.figures["AP"] == pytest.approx(1.0)
    assert "3 objects of labels that the model does not know not counted: emu (2), auk (1)" in scores.notes


def test_classes_without_objects_are_told(there: There, tells: Tells) -> None:
    truth = there(("owl", 10, 10, 50, 50), ("wren", 10, 10, 50, 50, "difficult"))
    found = tells(LABELS, ("owl", 0.9, 10, 10, 50, 50), ("ibis", 0.9, 10, 10, 50, 50))
    scores = score_detections(LABELS, [found], [truth])
    assert "2 labels without an object to be found, 1 detection of them not counted: ibis, wren" in scores.notes
    assert scores.details["per_class"] == {
        "owl": {"objects": 1, "detections": 1, "AP50": pytest.approx(1.0), "AP": pytest.approx(1.0)}
    }
    assert [one["label"] for one in scores.details["curves"]] == ["owl"]


def test_numbers_that_are_not_finite_are_left_out_and_told(there: There, tells: Tells) -> None:
    found = tells(LABELS, ("owl", 0.9, 10, 10, 50, 50), ("owl", 0.8, np.nan, 10, 50, 50))
    found.scores[0] = np.inf
    scores = score_detections(LABELS, [found], [there(("owl", 10, 10, 50, 50))])
    assert scores.figures["AP"] == 0
    assert "2 detections with numbers that are not finite left out" in scores.notes


def test_curves_hold_the_average_precision(coco_val: tuple[tuple[str, ...], list[Detections], list[Objects]]) -> None:
    scores = score_detections(*coco_val)
    per_class, figures = scores.details["per_class"], scores.figures
    for one in scores.details["curves"]:
        assert np.mean(one["precision"]) == pytest.approx(per_class[one["label"]]["AP50"], abs=1e-4)
    means = {one["iou"]: np.mean(one["precision"]) for one in scores.details["mean_curves"]}
    assert means == pytest.approx({0.5: figures["AP50"], 0.75: figures["AP75"]}, abs=1e-4)
    assert np.mean([one["AP"] for one in per_class.values()]) == pytest.approx(figures["AP"])


def test_the_same_is_scored_the_same(coco_val: tuple[tuple[str, ...], list[Detections], list[Objects]]) -> None:
    """However hotcoco's threads share the work."""
    assert score_detections(*coco_val) == score_detections(*coco_val)


def test_the_order_of_photographs_does_not_matter(
    coco_val: tuple[tuple[str, ...], list[Detections], list[Objects]],
) -> None:
    labels, found, truths = coco_val
    turned = score_detections(labels, found[::-1], truths[::-1])
    assert turned.figures == pytest.approx(score_detections(labels, found, truths).figures, abs=1e-9)


def test_nothing_to_find_is_an_error(there: There, tells: Tells) -> None:
    with pytest.raises(JobError, match="none of the 1 photograph has an object to be found of the model's 3 labels"):
        score_detections(LABELS, [tells(LABELS)], [there(("emu", 10, 10, 50, 50))])


def test_a_limit_below_one_is_refused(there: There, tells: Tells) -> None:
    with pytest.raises(UsageError, match="limit 0 is under 1"):
        score_detections(LABELS, [tells(LABELS)], [there(("owl", 10, 10, 50, 50))], limit=0)
