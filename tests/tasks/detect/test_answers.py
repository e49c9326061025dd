"""What a detector tells, to people and programs."""

import numpy as np
import pytest

from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.parts import Placed
from mobilenets.tasks.protocol import Answer

FOUND = Detections(
    ("owl", "ibis"),
    np.array([[0.1, 0.2, 0.5, 1.0], [-0.01, 0.0, 1 / 3, 0.5], [0.0, 0.0, 1.0, 1.0]], np.float32),
    np.array([1, 0, 1]),
    np.array([0.91, 0.5, 0.0123456789], np.float32),
)


def test_boxes_are_pixels_once_the_size_is_known() -> None:
    placed = FOUND.placed((100, 300))
    assert isinstance(placed, Placed)
    np.testing.assert_allclose(placed.pixels, [[30, 20, 150, 100], [-3, 0, 100, 50], [0, 0, 300, 100]], atol=1e-4)
    np.testing.assert_allclose(FOUND.placed((1, 1)).pixels, FOUND.boxes)
    with pytest.raises(ValueError, match="size is not known"):
        _ = FOUND.pixels


def test_the_record_has_a_row_a_box() -> None:
    found: Answer = FOUND.placed((100, 300))
    record = found.record()
    assert (record["height"], record["width"]) == (100, 300)
    assert record["detections"][1] == {
        "label": "owl", "score": 0.5, "left": -3.0, "top": 0.0, "right": 100.0, "bottom": 50.0
    }  # fmt: skip
    assert record["detections"][2]["score"] == 0.012346
    with pytest.raises(ValueError, match="size is not known"):
        FOUND.record()


def test_the_line_names_the_surest() -> None:
    assert FOUND.line() == "ibis 91%, owl 50%, ibis 1%"
    many = Detections(("owl",), np.zeros((7, 4), np.float32), np.zeros(7, np.int64), np.full(7, 0.5, np.float32))
    assert many.line() == "owl 50%, owl 50%, owl 50%, owl 50%, owl 50% and 2 more"
    assert many.above(0.6).line() == "nothing"


def test_a_threshold_keeps_what_reaches_it() -> None:
    kept = FOUND.placed((10, 10)).above(0.5)
    assert kept.names == ["ibis", "owl"]
    assert len(kept) == 2
    assert kept.size == (10, 10)
    np.testing.assert_array_equal(kept.boxes, FOUND.boxes[:2])
    assert len(FOUND.above(0)) == 3
    assert len(FOUND.above(0.51)) == 1
