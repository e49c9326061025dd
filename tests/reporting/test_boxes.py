"""Boxes drawn on a photograph. (What is nice to look at was looked at.)"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mobilenets.reporting.boxes import Truths, drawn
from mobilenets.reporting.class_colours import COLOURS, class_colour

Pixels = NDArray[np.uint8]
ONE = np.array([[20.0, 60, 120, 110]])


def _grey(height: int = 160, width: int = 200) -> Pixels:
    return np.full((height, width, 3), 128, np.uint8)


def _is(pixels: Pixels, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (pixels == np.array(colour, np.uint8)).all(axis=2)
    return same


def test_the_edges_of_a_box_have_its_colour_and_its_middle_is_untouched() -> None:
    photograph = _grey()
    found = drawn(photograph, ONE, ["owl"], [0.9], classes=["ibis", "owl"])
    edges = _is(found, COLOURS[1])
    assert edges[60, 20:120].all() and edges[109, 20:120].all()
    assert edges[60:110, 20].all() and edges[60:110, 119].all()
    assert (found[64:106, 24:116] == 128).all()
    assert (found[111:] == 128).all() and (found[:, 121:] == 128).all()
    assert (photograph == 128).all()
    assert found.flags.writeable


def test_the_score_is_written_above() -> None:
    bare, scored = (drawn(_grey(), ONE, ["owl"], scores) for scores in (None, [0.93]))
    other = drawn(_grey(), ONE, ["owl"], [0.37])
    assert _is(scored, class_colour("owl"))[:60].sum() > _is(bare, class_colour("owl"))[:60].sum() > 100
    assert (scored != other).any()
    unnamed = drawn(_grey(), ONE, [""], [0.93])
    assert (unnamed[:60] == 128).all()


def test_a_class_has_one_colour_in_every_picture() -> None:
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 200, (90 + seed, 120, 3), dtype=np.uint8)
        found = drawn(noise, ONE / 2, ["owl"], [0.5 + seed / 10])
        assert (found[30, 12:58] == class_colour("owl")).all()


def test_the_surest_lies_above_the_others() -> None:
    boxes = np.array([[20.0, 60, 120, 110], [20.0, 60, 120, 110]])
    found = drawn(_grey(), boxes, ["a", "b"], [0.9, 0.8], classes=["a", "b"])
    assert (found[109, 20:120] == COLOURS[0]).all()


NONE = np.zeros((0, 4))


def test_truths_are_dashed_and_named_below() -> None:
    found = drawn(_grey(600, 800), NONE, [], truths=Truths(ONE * 4, ["owl"]))
    share = _is(found, class_colour("owl"))[240, 80:480].mean()
    assert 0.4 < share < 0.6
    assert (found[:240] == 128).all()
    assert _is(found, class_colour("owl"))[441:].sum() > 100


def test_truths_lie_below_and_give_way() -> None:
    photograph, truths = _grey(600, 800), Truths(ONE * 4, ["owl"])
    bare, both = (drawn(photograph, ONE * 4, ["owl"], [0.9], truths=given) for given in (None, truths))
    assert (both[:440] == bare[:440]).all()
    assert (both[440:] != bare[440:]).any()


@pytest.mark.parametrize("side", [1, 2, 7, 16, 64, 3000])
def test_lines_and_text_suit_the_size(side: int) -> None:
    photograph = _grey(side, side)
    found = drawn(photograph, np.array([[0.25, 0.25, 0.75, 0.75]]) * side, ["owl"], [0.5])
    assert found.shape == photograph.shape
    line = _is(found, class_colour("owl"))[side // 2].sum()
    assert line == {1: 1, 2: 2, 7: 2, 16: 2, 64: 2, 3000: 24}[side]


NAMES = ["鸟", "собака", "كلب", "ก้อน", "🐦", "a\nb\tc", "\udcff", "\0", "x" * 5000, " ", "e\u0301", "\u202eabc"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [12, 200])
def test_any_name_can_be_written(name: str, side: int) -> None:
    found = drawn(_grey(side, side), ONE / 200 * side, [name], [1.0])
    assert found.shape == (side, side, 3)
    assert _is(found, class_colour(name)).any()


sides = st.floats(-1e9, 1e9) | st.sampled_from([np.inf, -np.inf, 0.0, 49.5, 50.0, 80.0])


@given(st.lists(st.tuples(sides, sides, sides, sides), max_size=6), st.booleans())
def test_no_box_is_too_strange(rows: list[tuple[float, ...]], dashed: bool) -> None:
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    names = ["owl"] * len(boxes)
    truths = Truths(boxes, names)
    found = drawn(_grey(50, 80), NONE if dashed else boxes, [] if dashed else names, truths=truths if dashed else None)
    assert found.shape == (50, 80, 3)
    outside = (boxes[:, 0] >= boxes[:, 2]) | (boxes[:, 1] >= boxes[:, 3])
    if outside.all():
        assert (found == 128).all()


def test_every_box_has_a_label() -> None:
    for labels, scores in ((["a", "b"], None), ([], None), (["a"], []), (["a"], [0.5, 0.5])):
        with pytest.raises(ValueError, match=r"is (shorter|longer) than"):
            drawn(_grey(), ONE, labels, scores)


def test_real_photographs_keep_what_is_outside_boxes_and_labels(shared_data: Path) -> None:
    annotations = json.loads(next((shared_data / "coco_mini").rglob("*val*.json")).read_text())
    one = annotations["images"][0]
    file = next((shared_data / "coco_mini").rglob(Path(one["file_name"]).name))
    photograph = np.asarray(Image.open(file).convert("RGB"))
    marked = [found["bbox"] for found in annotations["annotations"] if found["image_id"] == one["id"]]
    boxes = np.array([[left, top, left + width, top + height] for left, top, width, height in marked]).reshape(-1, 4)
    found = drawn(photograph, boxes, ["thing"] * len(boxes), [0.5] * len(boxes))
    changed = (found != photograph).any(axis=2)
    assert 0 < changed.mean() < 0.6
