"""Pascal VOC's average precision against its rules written down plainly."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.data.detection.objects import Objects
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.columns import found_columns, truth_columns
from mobilenets.tasks.detect.matches import match
from mobilenets.tasks.detect.scores import score_detections

LABELS = ("owl", "ibis")
Box = Sequence[float]


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    along = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or along <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return across * along / (sum(areas) - across * along)


def _average_precision(kind: int, found: Sequence[Detections], truths: Sequence[Objects]) -> float | None:
    """As the development kit of 2012 has it: one detection after the other, the area below the envelope."""
    rows = [
        (float(score), place, (box.astype(np.float64) * 100).tolist())
        for place, one in enumerate(found)
        for box, which, score in zip(one.boxes, one.kinds, one.scores, strict=True)
        if which == kind
    ]
    own = [[row for row, label in enumerate(one.labels) if label == LABELS[kind]] for one in truths]
    total = sum(not truths[place].difficult[row] for place, rows_ in enumerate(own) for row in rows_)
    if not total:
        return None
    taken: set[tuple[int, int]] = set()
    right, wrong = [], []
    for _, place, box in sorted(rows, key=lambda row: -row[0]):
        shares = [_overlap(box, truths[place].boxes[row].tolist()) for row in own[place]]
        best = max(range(len(shares)), key=shares.__getitem__, default=None)
        if best is None or shares[best] < 0.5:
            hit = False
        elif truths[place].difficult[own[place][best]]:
            continue
        else:
            hit = (place, best) not in taken
            taken.add((place, best))
        right.append(hit)
        wrong.append(not hit)
    recall, precision = [0.0], [0.0]
    for count in range(1, len(right) + 1):
        recall.append(sum(right[:count]) / total)
        precision.append(sum(right[:count]) / count)
    recall.append(1.0)
    precision.append(0.0)
    for place in range(len(precision) - 2, -1, -1):
        precision[place] = max(precision[place], precision[place + 1])
    return sum((recall[place] - recall[place - 1]) * precision[place] for place in range(1, len(recall)))


@st.composite
def _sets(draw: st.DrawFn) -> tuple[list[Detections], list[Objects]]:
    random = np.random.default_rng(draw(st.integers(0, 99_999)))
    difficult = draw(st.sampled_from([0.0, 0.3]))
    found, truths = [], []
    for _ in range(draw(st.integers(1, 4))):
        count, told = int(random.integers(1, 7)), int(random.integers(0, 20))
        low = random.uniform(0, 50, (count, 2))
        boxes = np.hstack([low, low + random.uniform(10, 50, (count, 2))])
        kinds = random.integers(0, 2, count)
        truths.append(
            Objects(
                (100, 100),
                boxes,
                tuple(LABELS[kind] for kind in kinds),
                np.zeros(count, dtype=np.bool_),
                random.random(count) < difficult,
                (boxes[:, 2:] - boxes[:, :2]).prod(axis=1),
            )
        )
        of = random.integers(0, count, told)
        near = (boxes[of] + random.normal(0, 4, (told, 4))) / 100
        scores = -np.sort(-random.random(told))
        found.append(Detections(LABELS, near.astype(np.float32), kinds[of], scores.astype(np.float32)))
    return found, truths


@given(made=_sets())
def test_it_is_pascal_voc_s(made: tuple[list[Detections], list[Objects]]) -> None:
    each = [_average_precision(kind, *made) for kind in range(len(LABELS))]
    there = [one for one in each if one is not None]
    if there:
        assert score_detections(LABELS, *made).figures["voc_AP50"] == pytest.approx(np.mean(there), abs=1e-9)


def _ignored(found: Detections, truth: Objects) -> list[bool]:
    boxes, _ = found_columns([found], [truth])
    objects, _ = truth_columns(LABELS, [truth])
    return match(boxes, objects, classes=2).ignored.tolist()


def test_the_surest_of_several_has_found_it(there: Callable[..., Objects], tells: Callable[..., Detections]) -> None:
    truth = there(("owl", 0, 0, 40, 40, "crowd"), ("owl", 10, 10, 50, 50), ("ibis", 10, 10, 50, 50))
    found = tells(LABELS, ("owl", 0.5, 10, 10, 50, 50), ("owl", 0.9, 10, 10, 48, 50), ("ibis", 0.4, 10, 10, 50, 50))
    boxes, _ = found_columns([found], [truth])
    objects, _ = truth_columns(LABELS, [truth])
    assert match(boxes, objects, classes=2).objects.tolist() == [1, -1, 2]


def test_in_a_crowd_nothing_is_wrong_but_a_second_find(
    there: Callable[..., Objects], tells: Callable[..., Detections]
) -> None:
    truth = there(("owl", 0, 0, 60, 60, "crowd"), ("owl", 10, 10, 50, 50))
    found = tells(
        LABELS,
        ("owl", 0.9, 10, 10, 50, 50),
        ("owl", 0.8, 10, 10, 50, 50),
        ("owl", 0.7, 0, 0, 10, 10),
        ("owl", 0.6, 55, 55, 65, 65),
        ("ibis", 0.5, 0, 0, 10, 10),
    )
    assert _ignored(found, truth) == [False, False, True, False, False]


def test_of_a_difficult_object_any_number_is_ignored(
    there: Callable[..., Objects], tells: Callable[..., Detections]
) -> None:
    truth = there(("owl", 0, 0, 40, 40, "difficult"), ("owl", 50, 50, 90, 90))
    found = tells(LABELS, ("owl", 0.9, 0, 0, 40, 40), ("owl", 0.8, 1, 1, 40, 40), ("owl", 0.7, 50, 50, 90, 90))
    assert _ignored(found, truth) == [True, True, False]
    assert score_detections(LABELS, [found], [truth]).figures["voc_AP50"] == pytest.approx(1.0)
