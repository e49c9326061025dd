"""YOLO's text files, in every layout they come in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobilenets.data.detection.opening import open_detection, opened_detection
from mobilenets.data.detection.yolo_rows import yolo_rows
from mobilenets.errors import UsageError

Picture = Callable[..., Path]
ROW = "1 0.5 0.5 0.25 0.2\n"
BOX = [15, 12, 25, 18]
NAMES = "names: [owl, ibis]\n"


def _text(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def _pair(tmp_path: Path, picture: Picture, image: str, label: str, rows: str = ROW) -> None:
    picture(f"set/{image}")
    _text(tmp_path / "set" / label, rows)


@pytest.mark.parametrize(
    ("image", "label", "extra", "split"),
    [
        ("images/val/a.jpg", "labels/val/a.txt", {"data.yaml": f"val: images/val\n{NAMES}"}, "val"),
        ("images/val/a.jpg", "labels/val/a.txt", {"my.yml": f"path: /elsewhere\nval: images/val\n{NAMES}"}, "val"),
        ("valid/images/a.jpg", "valid/labels/a.txt", {"data.yaml": f"val: ../valid/images\n{NAMES}"}, "val"),
        (
            "images/a.jpg",
            "labels/a.txt",
            {"data.yaml": f"val: [val.txt]\n{NAMES}", "val.txt": "./images/a.jpg\n"},
            "val",
        ),
        ("images/a.jpg", "labels/a.txt", {"data.yaml": "names:\n  0: owl\n  1: ibis\ntrain: images\n"}, None),
        ("images/a.jpg", "labels/a.txt", {"data.yaml": NAMES}, None),
        ("test/images/a.jpg", "test/labels/a.txt", {"classes.txt": "owl\nibis\n"}, "test"),
        ("obj_train_data/a.jpg", "obj_train_data/a.txt", {"obj.names": "owl\nibis\n"}, None),
        ("a.jpg", "a.txt", {"classes.txt": "owl\nibis\n\n"}, None),
    ],
)
def test_each_layout(
    tmp_path: Path, picture: Picture, image: str, label: str, extra: dict[str, str], split: str | None
) -> None:
    _pair(tmp_path, picture, image, label)
    for name, text in extra.items():
        _text(tmp_path / "set" / name, text)
    opened = opened_detection(str(tmp_path / "set"))
    assert opened.layout == "yolo"
    (example,) = opened.collection.examples
    assert (example.photo.name, example.split) == (image, split)
    assert example.objects is not None and example.objects.labels == ("ibis",)
    assert np.allclose(example.objects.boxes, [BOX], atol=1e-9)
    assert opened.collection.categories == {0: "owl", 1: "ibis"}
    plan = next((name for name in extra if name.endswith(("yaml", "yml"))), None)
    if plan:
        (named,) = open_detection(str(tmp_path / "set" / plan)).examples
        assert (named.photo, named.split, named.label) == (example.photo, split, None)


def test_paths_may_be_whole_or_start_from_a_root(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "images/t/a.jpg", "labels/t/a.txt")
    _pair(tmp_path, picture, "images/v/b.jpg", "labels/v/b.txt")
    for name, root, train in (("one", "..", "images/t"), ("two", tmp_path / "set", tmp_path / "set/images/t")):
        plan = _text(
            tmp_path / "set" / "plans" / f"{name}.yaml", f"path: {root}\ntrain: {train}\nval: images/v\n{NAMES}"
        )
        collection = open_detection(str(plan))
        assert [(one.split, len(one.objects or ())) for one in collection.examples] == [("train", 1), ("val", 1)]


def test_photographs_without_labels_and_labels_without_photographs(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt", "")
    picture("set/images/b.jpg")
    _text(tmp_path / "set/labels/c.txt", ROW)
    collection = open_detection(str(tmp_path / "set"))
    assert [len(one.objects or ()) for one in collection.examples] == [0, 0]
    said = " ".join(collection.notes)
    assert "1 photograph without boxes" in said
    assert "1 photograph without a file of labels: kept as without boxes (images/b.jpg)" in said
    assert "1 annotation file left out: no photograph of its name (labels/c.txt)" in said


def test_outlines_and_oddities(tmp_path: Path, picture: Picture) -> None:
    rows = (
        "0 0.1 0.2 0.4 0.2 0.4 0.6\n"  # an outline
        "0 0.9 0.5 0.4 0.2\n"  # beyond the edge
        "0 0.5 0.5 0 0.2\n0 0.5 0.5 -0.1 0.2\n0 nan 0.5 0.1 0.2\n0 inf 0.5 0.1 0.2\n0 1.8 0.5 0.1 0.2\n"
        "7 0.5 0.5 0.1 0.1\n"
    )
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt", rows)
    _text(tmp_path / "set/data.yaml", NAMES)
    collection = open_detection(str(tmp_path / "set"))
    objects = collection.examples[0].objects
    assert objects is not None and np.allclose(objects.boxes, [[4, 6, 16, 18], [28, 12, 40, 18]])
    said = " ".join(collection.notes)
    for words in (
        "1 outline without a box",
        "1 box beyond",
        "1 box left out: no area",
        "1 box left out: a negative",
        "2 boxes left out: a coordinate is no finite number",
        "1 box left out: outside",
        "1 annotation left out: of a category that is not listed (class 7 in labels/a.txt)",
    ):
        assert words in said


def test_shares_are_of_the_upright_photograph(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt")
    picture("set/images/a.jpg", orientation=6)
    objects = open_detection(str(tmp_path / "set")).examples[0].objects
    assert objects is not None and objects.size == (40, 30)
    assert np.allclose(objects.boxes, [[11.25, 16, 18.75, 24]])


def test_classes_without_names_are_called_by_their_numbers(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt")
    collection = open_detection(str(tmp_path / "set"))
    assert collection.categories == {1: "1"}
    assert "1 class without a name: called by its number" in collection.notes


def test_names_are_text_whatever_yaml_makes_of_them(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt")
    _text(tmp_path / "set/data.yaml", "names: {0: no, 1: 1.0, 5: null}\n")
    assert open_detection(str(tmp_path / "set")).categories == {0: "no", 1: "1.0", 5: "null"}


def test_classes_of_one_name_are_one(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt", "2 0.5 0.5 0.25 0.2\n1 0.5 0.5 0.25 0.2\n")
    _text(tmp_path / "set/data.yaml", "names: [owl, emu, owl]\n")
    collection = open_detection(str(tmp_path / "set"))
    assert collection.categories == {0: "owl", 1: "emu"}
    assert (collection.examples[0].objects or ()).labels == ("owl", "emu")  # type: ignore[union-attr]
    assert "1 category with the name of an earlier one: taken as one (2 is owl)" in collection.notes


def test_lists_that_grow_without_end_are_refused(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt")
    levels = "".join(f"a{level}: &a{level} [{', '.join(9 * [f'*a{level - 1}'])}]\n" for level in range(1, 30))
    _text(tmp_path / "set/data.yaml", f"a0: &a0 [lol]\n{levels}names: *a29\n")
    with pytest.raises(UsageError, match="the class 0 is a list"):
        open_detection(str(tmp_path / "set"))


def test_key_points_behind_a_box(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt", f"{ROW.strip()} 0.1 0.1 2 0.9 0.9 1\n")
    _text(tmp_path / "set/data.yaml", f"{NAMES}kpt_shape: [2, 3]\n")
    objects = open_detection(str(tmp_path / "set")).examples[0].objects
    assert objects is not None and np.allclose(objects.boxes, [BOX])


def test_a_test_split_that_is_not_there_is_told(tmp_path: Path, picture: Picture) -> None:
    _pair(tmp_path, picture, "val/images/a.jpg", "val/labels/a.txt")
    _text(tmp_path / "set/data.yaml", f"val: val/images\ntest: ../test/images\n{NAMES}")
    assert (
        "1 split named and not there: left out (test is ../test/images)" in open_detection(str(tmp_path / "set")).notes
    )


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (f"train: nowhere\n{NAMES}", "train is nowhere, which is not there"),
        (f"train: images\nval: images\n{NAMES}", "a.jpg is in train and val: leave it in one"),
        ("names: [owl, '']\n", "the class 1 is ''"),
        ("names: {x: owl}\n", "the class 'x' is 'owl'"),
        ("names: owl\n", "names no class"),
        ("names: [owl\nnc: {", "data.yaml, line [23]: damaged YAML"),
        (f"train: {{a: b}}\n{NAMES}", "train has to be a path or a list of paths"),
        (f"path: [a]\n{NAMES}", "path has to be one folder"),
    ],
)
def test_plans_that_make_no_sense(tmp_path: Path, picture: Picture, plan: str, words: str) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt")
    _text(tmp_path / "set/data.yaml", plan)
    with pytest.raises(UsageError, match=words):
        open_detection(str(tmp_path / "set"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 0.1 0.1 0.1 0.1\nowl 1 2 3 4", "a.txt, line 2: 'owl 1 2 3 4' is no row of numbers"),
        ("0 0.1 0.1 0.1", "line 1: 4 numbers: a box takes 5"),
        ("0 0.1 0.1 0.1 0.1 0.9", "line 1: 6 numbers"),
        ("\n0.5 0.1 0.1 0.1 0.1", "line 2: the class 0.5 is no whole number"),
        ("-1 0.1 0.1 0.1 0.1", "the class -1 is no whole number"),
        ("nan 0.1 0.1 0.1 0.1", "the class nan is no whole number"),
        ("0 120 80 30 20", "line 1: 120 is no share of the photograph"),
    ],
)
def test_rows_that_make_no_sense(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        yolo_rows(text, "a.txt")


@given(text=st.text(max_size=40) | st.lists(st.floats(width=16), max_size=9).map(lambda row: " ".join(map(str, row))))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rows = yolo_rows(text, "a.txt")
    except UsageError as error:
        assert str(error).startswith("a.txt, line ")
    else:
        assert all(len(row.box) == 4 for row in rows)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=60)
    | st.text("{}[]:-!&*,'\"\n ab0#|>%@`?", max_size=30).map(lambda text: f"names: {text}".encode())
)
def test_any_yaml_is_read_or_refused(tmp_path: Path, picture: Picture, data: bytes) -> None:
    _pair(tmp_path, picture, "images/a.jpg", "labels/a.txt")
    (tmp_path / "set/data.yaml").write_bytes(data)
    try:
        collection = open_detection(str(tmp_path / "set/data.yaml"))
    except UsageError as error:
        assert "data.yaml" in str(error)
    else:
        assert all(isinstance(name, str) for name in collection.categories.values())
