"""COCO's precision and recall, measured by hotcoco: equal to those of pycocotools, a hundred times as fast."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mobilenets.errors import UsageError
from mobilenets.tasks.detect.columns import Found, Truth

if TYPE_CHECKING:
    from hotcoco import COCOeval

AREAS = ("all", "small", "medium", "large")
"""COCO's: small is under 32 x 32 pixels, large over 96 x 96."""

IOUS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""The overlaps (intersection over union) from which a detection has found an object."""

_LIMITS = (1, 10, 100)
# Over COCO's largest area, which is how an object of any size becomes one that nobody has to find.
_NOBODY_S = 1e11


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Precision by (IoU, 101 recalls, class, area, limit) and recall by (IoU, class, area, limit).

    NaN where a class has no objects of that area; `limits` are how many detections of a class are looked at in a
    photograph, the surest first.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    limits: tuple[int, ...]


def check_evaluator() -> None:
    """Raises `UsageError` where hotcoco is not installed, before hours have gone into what it is to score."""
    if find_spec("hotcoco") is None:
        raise UsageError("task detect needs hotcoco: pip install 'mobilenets[detect]'")


def measure(found: Found, truth: Truth, *, photographs: int, classes: int, limit: int) -> Measured:
    """Precision and recall as COCO counts them, with at most `limit` detections of a class in a photograph."""
    evaluator = evaluation(found, truth, photographs=photographs, classes=classes, limit=limit)
    evaluator.accumulate()
    curves = evaluator.eval
    assert curves is not None
    precision, recall = (np.asarray(curves[name], dtype=np.float64) for name in ("precision", "recall"))
    return Measured(
        precision=np.where(precision < 0, np.nan, precision),
        recall=np.where(recall < 0, np.nan, recall),
        limits=limits(limit),
    )


def limits(limit: int) -> tuple[int, ...]:
    """COCO's 1, 10 and 100 as far as they are below `limit`, and `limit` itself."""
    return (*(one for one in _LIMITS if one < limit), limit)


def evaluation(found: Found, truth: Truth, *, photographs: int, classes: int, limit: int) -> "COCOeval":
    """hotcoco's evaluator after the matching. It prints nothing as long as nobody calls its `summarize`."""
    check_evaluator()
    from hotcoco import COCO, COCOeval

    objects = COCO.from_arrays(
        [{"id": place, "width": 0, "height": 0} for place in range(photographs)],
        [{"id": kind, "name": str(kind)} for kind in range(classes)],
        truth.photos,
        truth.kinds,
        _corners_and_sizes(truth.boxes),
        area=np.where(truth.difficult, _NOBODY_S, truth.areas),
        iscrowd=truth.crowd,
    )
    rows = np.column_stack([found.photos, _corners_and_sizes(found.boxes), found.scores, found.kinds])
    evaluator = COCOeval(objects, objects.load_res(rows), "bbox")
    evaluator.params.max_dets = list(limits(limit))
    evaluator.evaluate()
    return evaluator


def _corners_and_sizes(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """COCO's left, top, width, height. A box that is inside out has no area, or COCO would not count it as wrong."""
    return np.hstack([boxes[:, :2], (boxes[:, 2:] - boxes[:, :2]).clip(min=0)])
