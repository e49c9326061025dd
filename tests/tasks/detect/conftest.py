"""Detections and objects written shortly."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenets.data.detection.objects import Objects
from mobilenets.tasks.detect.answers import Detections

SIDE = 100


@pytest.fixture(scope="session")
def there() -> Callable[..., Objects]:
    """`there(("owl", 10, 20, 30, 60), ...)` stands in a photograph of 100 x 100 pixels; left, top, right, bottom.

    A sixth word makes it a "crowd" or "difficult".
    """

    def make(*rows: Sequence[Any], size: tuple[int, int] = (SIDE, SIDE)) -> Objects:
        boxes = np.array([row[1:5] for row in rows], dtype=np.float64).reshape(-1, 4)
        return Objects(
            size=size,
            boxes=boxes,
            labels=tuple(row[0] for row in rows),
            crowd=np.array(["crowd" in row[5:] for row in rows], dtype=np.bool_),
            difficult=np.array(["difficult" in row[5:] for row in rows], dtype=np.bool_),
            areas=(boxes[:, 2:] - boxes[:, :2]).prod(axis=1),
        )

    return make


@pytest.fixture(scope="session")
def tells() -> Callable[..., Detections]:
    """`tells(labels, ("owl", .9, 10, 20, 30, 60), ...)` finds in a photograph of 100 x 100 pixels, the surest first."""

    def make(labels: Sequence[str], *rows: Sequence[Any]) -> Detections:
        ranked = sorted(rows, key=lambda row: -row[1])
        return Detections(
            labels,
            np.array([row[2:6] for row in ranked], dtype=np.float32).reshape(-1, 4) / SIDE,
            np.array([labels.index(row[0]) for row in ranked], dtype=np.int64),
            np.array([row[1] for row in ranked], dtype=np.float32),
        )

    return make


@pytest.fixture(scope="session")
def coco_val(shared_data: Path) -> tuple[tuple[str, ...], list[Detections], list[Objects]]:
    """The labels and objects of `coco_mini`'s val, and what a poor detector might tell of them."""
    data = json.loads((shared_data / "coco_mini/annotations/instances_val2017.json").read_text())
    name = {category["id"]: category["name"] for category in data["categories"]}
    labels = tuple(name.values())
    of: dict[int, list[dict[str, Any]]] = {image["id"]: [] for image in data["images"]}
    for one in data["annotations"]:
        of[one["image_id"]].append(one)
    random = np.random.default_rng(0)
    truths = [_read(image, of[image["id"]], name) for image in data["images"]]
    return labels, [noisy(labels, truth, random=random) for truth in truths], truths


def _read(image: dict[str, Any], annotations: list[dict[str, Any]], name: dict[int, str]) -> Objects:
    boxes = np.array([one["bbox"] for one in annotations], dtype=np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return Objects(
        size=(image["height"], image["width"]),
        boxes=boxes,
        labels=tuple(name[one["category_id"]] for one in annotations),
        crowd=np.array([one["iscrowd"] for one in annotations], dtype=np.bool_),
        difficult=np.zeros(len(annotations), dtype=np.bool_),
        areas=np.array([one["area"] for one in annotations], dtype=np.float64),
    )


def noisy(labels: Sequence[str], truth: Objects, *, random: np.random.Generator) -> Detections:
    """Most objects, shifted and scaled, some twice, some of a wrong class; and boxes of nothing."""
    shares = truth.shares
    rows = np.repeat(np.arange(len(truth)), random.choice([0, 1, 1, 2], len(truth)))
    sides = np.tile(shares[rows, 2:] - shares[rows, :2], 2)
    boxes = shares[rows] + random.normal(0, 0.08, sides.shape) * sides
    kinds = np.array([labels.index(truth.labels[row]) for row in rows], dtype=np.int64)
    kinds = np.where(random.random(len(rows)) < 0.15, random.integers(0, len(labels), len(rows)), kinds)
    corners = random.random((10, 2)) * 0.7
    nothing = np.hstack([corners, corners + random.uniform(0.05, 0.3, (10, 2))])
    scores = np.concatenate([random.beta(4, 2, len(rows)), random.beta(1.5, 4, 10)])
    order = np.argsort(-scores, kind="stable")
    return Detections(
        labels,
        np.vstack([boxes, nothing])[order].astype(np.float32),
        np.concatenate([kinds, random.integers(0, len(labels), 10)])[order],
        scores[order].astype(np.float32),
    )
