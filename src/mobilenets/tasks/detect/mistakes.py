"""What detections are wrong about: which classes are taken for which, and the six kinds of error of TIDE."""

from typing import Any

import numpy as np

from mobilenets.tasks.detect.coco import evaluation
from mobilenets.tasks.detect.columns import Found, Truth
from mobilenets.tasks.detect.matches import ENOUGH

SURE = 0.5
"""The score from which a detection counts in the confusion matrix."""

KINDS = {
    "classification": "Cls",
    "localisation": "Loc",
    "both": "Both",
    "duplicate": "Dupe",
    "background": "Bkg",
    "missed": "Miss",
}
"""The kinds of error, with hotcoco's names for them."""


def mistakes(found: Found, truth: Truth, *, photographs: int, classes: int, limit: int) -> dict[str, Any]:
    """The `confusion` matrix and the kinds of `errors` as plain data.

    Only objects that are to be found belong here, and only detections that are right or wrong.

    A row of the matrix is a true class and a column an answer, the last of both the background: each detection of a
    score from `SURE`, the surest first, goes to the object of whatever class that it overlaps most, by half or more,
    among those that are free. Of each kind of error there is its count and `dAP50`, what the AP at an overlap of half
    would gain without it (TIDE, Bolya et al. 2020).
    """
    evaluator = evaluation(found, truth, photographs=photographs, classes=classes, limit=limit)
    matrix = evaluator.confusion_matrix(iou_thr=ENOUGH, max_det=limit, min_score=SURE)["matrix"]
    tide = evaluator.tide_errors(pos_thr=ENOUGH)
    errors = {
        kind: {"count": int(tide["counts"][name]), "dAP50": float(tide["delta_ap"][name])}
        for kind, name in KINDS.items()
    }
    return {"errors": errors, "confusion": np.asarray(matrix, dtype=np.int64).tolist()}
