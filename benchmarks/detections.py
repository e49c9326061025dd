"""How soon the detections of an epoch are scored: as many as those of COCO's val, beside pycocotools."""

import contextlib
import io
import time

import numpy as np

from benchmarks.measure import Contender, Figures, Settings, in_turns, measure, peaks, say, spread
from benchmarks.report import Result, Table
from mobilenets.data.detection.objects import Objects
from mobilenets.errors import JobError
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.columns import found_columns, truth_columns
from mobilenets.tasks.detect.scores import score_detections

LIMIT = 5.0
_PHOTOGRAPHS, _CLASSES, _OBJECTS, _EACH = 5_000, 80, 36_000, 100
_SIZE = (480, 640)
_LABELS = tuple(f"class {place}" for place in range(_CLASSES))
_OURS = Contender("ours: all figures, VOC's, confusion, kinds of error", "benchmarks.detections:ours", {})
_THEIRS = Contender("pycocotools: the twelve figures", "benchmarks.detections:pycocotools", {})


def run(settings: Settings) -> Result:
    """Score the same detections: pycocotools once, which takes minutes, and ours in every round."""
    say("detections: pycocotools")
    theirs = measure(_THEIRS)
    ours = in_turns([_OURS], rounds=settings.rounds, title="detections")[_OURS.name]
    if any(abs(one["AP"] - theirs["AP"]) > 1e-9 for one in ours):
        raise JobError(f"AP is {ours[0]['AP']} and pycocotools' {theirs['AP']}: one of them is wrong")
    seconds = spread([one["seconds"] for one in ours])
    rows = [
        [_OURS.name, seconds.text(".2f"), "yes" if seconds.median < LIMIT else "no", peaks(ours)[0]],
        [_THEIRS.name, f"{theirs['seconds']:.1f}", "", peaks([theirs])[0]],
    ]
    times = f"{theirs['seconds'] / seconds.median:.0f} times as long"
    notes = (
        f"{_PHOTOGRAPHS:,} photographs, {_CLASSES} classes, {_OBJECTS:,} objects, {_EACH} detections a photograph. "
        f"The AP is the same to 1e-9. pycocotools ran once and took {times}.",
    )
    columns = ("", "seconds", f"under {LIMIT:g} s", "peak memory, MB")
    return Result([Table("Scoring the detections of an epoch", columns, rows, notes)], {"ours": ours, "theirs": theirs})


def ours() -> Figures:
    """A contender: what is done after every epoch."""
    found, truths = _made()
    begun = time.perf_counter()
    scores = score_detections(_LABELS, found, truths)
    return {"seconds": time.perf_counter() - begun, **scores.figures}


def pycocotools() -> Figures:
    """A contender: objects as its dicts and detections as its array, both made before the clock runs."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    made = _made()
    truth, _ = truth_columns(_LABELS, made[1])
    found, _ = found_columns(*made)
    boxes = (np.hstack([one.boxes[:, :2], one.boxes[:, 2:] - one.boxes[:, :2]]) for one in (truth, found))
    objects, told = boxes
    rows = np.column_stack([found.photos, told, found.scores, found.kinds])
    names = ("id", "image_id", "category_id", "bbox", "area", "iscrowd")
    columns = (range(1, len(truth) + 1), truth.photos.tolist(), truth.kinds.tolist(), objects.tolist())
    data = {
        "images": [{"id": place} for place in range(_PHOTOGRAPHS)],
        "categories": [{"id": place} for place in range(_CLASSES)],
        "annotations": [
            dict(zip(names, one, strict=True)) for one in zip(*columns, truth.areas.tolist(), truth.crowd, strict=True)
        ],
    }
    begun = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = data
        known.createIndex()
        evaluator = COCOeval(known, known.loadRes(rows), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return {"seconds": time.perf_counter() - begun, "AP": float(evaluator.stats[0])}


def _made() -> tuple[list[Detections], list[Objects]]:
    """Objects of which few classes have most, each found a few times and badly, and boxes of nothing."""
    random = np.random.default_rng(0)
    weights = 1 / np.arange(1, _CLASSES + 1)
    counts = np.bincount(random.integers(0, _PHOTOGRAPHS, _OBJECTS), minlength=_PHOTOGRAPHS)
    found, truths = [], []
    for count in counts.tolist():
        boxes = _boxes(random, count)
        kinds = random.choice(_CLASSES, count, p=weights / weights.sum())
        none = np.zeros(count, dtype=np.bool_)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        truths.append(Objects(_SIZE, boxes, tuple(_LABELS[kind] for kind in kinds), none, none, areas))
        near = random.integers(0, count, min(8 * count, _EACH // 2)) if count else np.empty(0, dtype=np.int64)
        sides = np.tile(boxes[near, 2:] - boxes[near, :2], 2)
        shifted = boxes[near] + random.uniform(-0.3, 0.3, (len(near), 4)) * sides
        answers = np.vstack([shifted, _boxes(random, _EACH - len(near))]) / [*_SIZE[::-1], *_SIZE[::-1]]
        classes = np.concatenate([kinds[near], random.integers(0, _CLASSES, _EACH - len(near))])
        scores = np.concatenate([random.beta(3, 2, len(near)), random.beta(1, 6, _EACH - len(near))])
        order = np.argsort(-scores)
        found.append(
            Detections(_LABELS, answers[order].astype(np.float32), classes[order], scores[order].astype(np.float32))
        )
    return found, truths


def _boxes(random: np.random.Generator, count: int) -> np.typing.NDArray[np.float64]:
    low = random.uniform(0, 0.7, (count, 2))
    sides = random.beta(1.2, 4, (count, 2)) * 0.9 + 0.01
    shares: np.typing.NDArray[np.float64] = np.hstack([low, np.minimum(low + sides, 1.0)])
    return shares * [*_SIZE[::-1], *_SIZE[::-1]]
