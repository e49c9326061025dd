"""Each kind of error by hand, and the confusion matrix against its rule written down plainly."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenets.data.detection.objects import Objects
from mobilenets.maths.overlaps import best_overlaps
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.mistakes import KINDS, SURE
from mobilenets.tasks.detect.scores import score_detections

LABELS = ("owl", "ibis")
OWL = ("owl", 10, 10, 50, 50)


def _details(found: Detections, truth: Objects) -> Any:
    return score_detections(LABELS, [found], [truth]).details


def _kinds(found: Detections, truth: Objects) -> dict[str, int]:
    """Those that are there."""
    errors = _details(found, truth)["errors"]
    assert list(errors) == list(KINDS)
    return {kind: one["count"] for kind, one in errors.items() if one["count"]}


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (("ibis", 0.9, 10, 10, 50, 50), "classification"),
        (("owl", 0.9, 10, 10, 50, 25), "localisation"),
        (("ibis", 0.9, 10, 10, 50, 25), "both"),
        (("owl", 0.9, 60, 60, 90, 90), "background"),
    ],
)
def test_each_kind_by_hand(
    wrong: Sequence[Any], kind: str, there: Callable[..., Objects], tells: Callable[..., Detections]
) -> None:
    second = ("ibis", 70, 10, 90, 30)
    found = tells(LABELS, wrong, ("ibis", 0.5, 70, 10, 90, 30))
    missed = {} if kind in ("classification", "localisation") else {"missed": 1}
    assert _kinds(found, there(OWL, second)) == {kind: 1, **missed}


def test_a_second_find_is_a_duplicate(there: Callable[..., Objects], tells: Callable[..., Detections]) -> None:
    found = tells(LABELS, ("owl", 0.9, 10, 10, 50, 50), ("owl", 0.8, 10, 10, 50, 48))
    assert _kinds(found, there(OWL)) == {"duplicate": 1}


def test_what_ap_would_gain(there: Callable[..., Objects], tells: Callable[..., Detections]) -> None:
    """A false owl before the true one halves its AP; of two owls one is missed: 51 of 101 recalls."""
    errors = _details(tells(LABELS, ("owl", 0.9, 60, 60, 90, 90), ("owl", 0.8, 10, 10, 50, 50)), there(OWL))["errors"]
    assert errors["background"]["dAP50"] == pytest.approx(0.5)
    assert errors["missed"]["dAP50"] == 0
    missed = _details(tells(LABELS, ("owl", 0.8, 10, 10, 50, 50)), there(OWL, ("owl", 60, 60, 90, 90)))
    assert missed["errors"]["missed"]["dAP50"] == pytest.approx(50 / 101)


def test_fixing_a_place_that_is_taken_gains_nothing(
    there: Callable[..., Objects], tells: Callable[..., Detections]
) -> None:
    """A poor box of an owl that was found well does not find the other owl."""
    found = tells(LABELS, ("owl", 0.9, 10, 10, 50, 50), ("owl", 0.8, 10, 10, 50, 25))
    errors = _details(found, there(OWL, ("owl", 60, 60, 90, 90)))["errors"]
    assert errors["localisation"] == {"count": 1, "dAP50": 0.0}


@pytest.mark.parametrize("what", ["crowd", "difficult"])
def test_what_nobody_has_to_find_is_part_of_nothing(
    what: str, there: Callable[..., Objects], tells: Callable[..., Detections]
) -> None:
    truth = there(OWL, ("owl", 60, 60, 90, 90, what))
    found = tells(LABELS, ("owl", 0.9, 10, 10, 50, 50), ("owl", 0.8, 60, 60, 90, 88))
    assert _kinds(found, truth) == {}
    assert _details(found, truth)["confusion"] == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_the_matrix_has_the_background_last(there: Callable[..., Objects], tells: Callable[..., Detections]) -> None:
    truth = there(OWL, ("ibis", 60, 60, 90, 90), ("ibis", 60, 10, 90, 40))
    found = tells(
        LABELS,
        ("ibis", 0.9, 10, 10, 50, 50),  # taken for an ibis
        ("owl", 0.8, 10, 10, 50, 50),  # whose object is taken
        ("ibis", 0.7, 60, 60, 90, 90),
        ("ibis", SURE - 0.01, 60, 10, 90, 40),
    )
    assert _details(found, truth)["confusion"] == [[0, 1, 0], [0, 1, 1], [1, 0, 0]]


def test_the_matrix_of_real_objects_by_its_rule(
    coco_val: tuple[tuple[str, ...], list[Detections], list[Objects]],
) -> None:
    labels, found, truths = coco_val
    expected = np.zeros((len(labels) + 1,) * 2, dtype=np.int64)
    for one, truth in zip(found, truths, strict=True):
        height, width = truth.size
        boxes = one.boxes.astype(np.float64) * [width, height, width, height]
        kinds = np.array([labels.index(label) for label in truth.labels])
        free = list(np.flatnonzero(truth.counted))
        for row in np.argsort(-one.scores, kind="stable"):
            if one.scores[row] < SURE or _in_crowd(boxes[row], int(one.kinds[row]), truth, kinds):
                continue
            group = np.zeros(1, dtype=np.int64)
            others = truth.boxes[free]
            best = best_overlaps(boxes[None, row], group, others, np.zeros(len(free), dtype=np.int64))
            hit = best.shares[0] >= 0.5
            expected[kinds[free[best.places[0]]] if hit else -1, one.kinds[row]] += 1
            if hit:
                free.pop(best.places[0])
        for row in free:
            expected[kinds[row], -1] += 1
    details = score_detections(labels, found, truths).details
    assert details["confusion"] == expected.tolist()
    assert json.loads(json.dumps(details)) == details


def _in_crowd(box: NDArray[np.float64], kind: int, truth: Objects, kinds: NDArray[np.int64]) -> bool:
    group = np.zeros(1, dtype=np.int64)
    own, crowd = (truth.boxes[(kinds == kind) & rows] for rows in (truth.counted, truth.crowd))
    shares = [
        best_overlaps(box[None], group, others, np.zeros(len(others), dtype=np.int64), inside=inside).shares[0]
        for others, inside in ((own, False), (crowd, True))
    ]
    return bool(shares[0] < 0.5 <= shares[1])
