"""COCO's JSON: real files, every kind of badness, and files that make no sense."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobilenets.data.detection.opening import open_detection
from mobilenets.errors import JobError, UsageError

Coco = Callable[..., Path]
Picture = Callable[..., Path]
NAN, INF = float("nan"), float("inf")


def test_real_photographs_in_both_splits(shared_data: Path) -> None:
    collection = open_detection(str(shared_data / "coco_mini"))
    train, val = collection.part("train"), collection.part("val")
    assert (len(train), len(val)) == (80, 79)
    assert [sum(len(one.objects or ()) for one in part) for part in (train, val)] == [739, 624]
    assert len(collection.categories) == 80
    assert list(collection.categories.items())[-1] == (90, "toothbrush")
    assert any(note.startswith("13 crowd boxes") for note in collection.notes)
    assert any(note.startswith("10 numbers that no category has") for note in collection.notes)
    for example in collection.examples:
        objects = example.objects
        assert objects is not None
        height, width = objects.size
        assert (objects.boxes >= 0).all() and (objects.boxes <= [width, height, width, height]).all()
        assert (objects.boxes[:, 2:] > objects.boxes[:, :2]).all()


def test_boxes_and_areas_are_those_of_the_file(shared_data: Path) -> None:
    file = shared_data / "coco_mini" / "annotations" / "instances_val2017.json"
    content = json.loads(file.read_text())
    names = {one["id"]: f"val2017/{one['file_name']}" for one in content["images"]}
    kinds = {one["id"]: one["name"] for one in content["categories"]}
    collection = open_detection(str(file))
    assert collection.splits == ("val",)
    objects = {one.photo.name: one.objects for one in collection.examples}
    for name, here in objects.items():
        rows = [one for one in content["annotations"] if names[one["image_id"]] == name]
        assert here is not None and here.labels == tuple(kinds[one["category_id"]] for one in rows)
        left, top, width, height = np.array([one["bbox"] for one in rows]).T
        # COCO's two digits let some edges lie a hundredth of a pixel outside.
        assert np.abs(here.boxes - np.stack([left, top, left + width, top + height], 1)).max() <= 0.011
        assert here.areas.tolist() == [one["area"] for one in rows]
        assert here.crowd.tolist() == [bool(one["iscrowd"]) for one in rows]


def test_a_lone_train_is_no_split_and_names_are_in_natural_order(coco: Coco) -> None:
    collection = open_detection(str(coco({"bbox": [1, 2, 3, 4], "area": 7})))
    assert collection.splits == ()
    assert [one.photo.name for one in collection.examples] == ["train/a.jpg", "train/b.jpg"]
    first, second = (one.objects for one in collection.examples)
    assert first is not None and second is not None
    assert first.boxes.tolist() == [[1, 2, 4, 6]] and first.areas.tolist() == [7] and first.size == (30, 40)
    assert len(second) == 0 and second.boxes.shape == (0, 4)
    assert collection.categories == {3: "owl", 5: "ibis"}
    assert collection.examples[0].photo.read()[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("box", "left", "note"),
    [
        ({"bbox": [5, 5, 0, 4]}, None, "1 box left out: no area (train/a.jpg)"),
        ({"bbox": [5, 5, 4, -1]}, None, "1 box left out: a negative width or height"),
        ({"bbox": [50, 5, 4, 4]}, None, "1 box left out: outside of the photograph"),
        ({"bbox": [-4, 25, 10, 10]}, [0, 25, 6, 30], "1 box beyond the photograph's edge: clipped"),
        ({"bbox": [NAN, 1, 2, 3]}, None, "1 box left out: a coordinate is no finite number"),
        ({"bbox": [1, 1, INF, 3]}, None, "1 box left out: a coordinate is no finite number"),
        ({"bbox": [1, None, 2, 3]}, None, "1 box left out: a coordinate is no finite number"),
        ({"bbox": [-1e308, 1, 1e309, 3]}, None, "1 box left out: a coordinate is no finite number"),
        ({"segmentation": [[1, 2, 9, 2, 9, 8], [3, 1, 4, 5]]}, [1, 1, 9, 8], "1 outline without a box"),
        ({"segmentation": {"counts": [3, 4], "size": [30, 40]}}, None, "1 annotation left out: no box and no outline"),
        ({}, None, "1 annotation left out: no box and no outline"),
        ({"bbox": [1, 1, 2, 2], "image_id": 8}, None, "1 annotation left out: of a photograph that is not listed"),
        ({"bbox": [1, 1, 2, 2], "category_id": 4}, None, "1 annotation left out: of a category that is not listed"),
        ({"bbox": [1, 1, 2, 2], "iscrowd": 1}, [1, 1, 3, 3], "1 crowd box around many of a kind"),
        ({"bbox": [1, 1, 2, 2], "difficult": 1}, [1, 1, 3, 3], "1 difficult box that nobody has to find"),
        ({"bbox": [0, 0, 40.01, 30]}, [0, 0, 40, 30], "1 photograph without boxes"),
    ],
)
def test_each_oddity_is_handled_and_told(coco: Coco, box: dict[str, Any], left: list[int] | None, note: str) -> None:
    collection = open_detection(str(coco(box)))
    objects = collection.examples[0].objects
    assert objects is not None
    assert objects.boxes.tolist() == ([] if left is None else [left])
    assert [one for one in collection.notes if one.startswith(note)], collection.notes
    assert not any("\n" in one for one in collection.notes)


def test_numbers_of_annotations_that_recur(coco: Coco) -> None:
    box = {"bbox": [1, 2, 3, 4]}
    collection = open_detection(str(coco({**box, "id": 1}, {**box, "id": 1}, {"bbox": [2, 2, 3, 4], "id": 1})))
    objects = collection.examples[0].objects
    assert objects is not None and len(objects) == 2
    assert "1 annotation left out: the same as an earlier one (id 1)" in collection.notes
    assert "1 annotation with the number of another: kept (id 1)" in collection.notes


def test_categories_of_one_name_are_one(coco: Coco) -> None:
    categories = [{"id": 1, "name": "owl"}, {"id": 4, "name": "ibis"}, {"id": 6, "name": "owl"}]
    boxes = ({"bbox": [1, 2, 3, 4], "category_id": 6}, {"bbox": [1, 2, 3, 4], "category_id": 1})
    collection = open_detection(str(coco(*boxes, categories=categories)))
    assert collection.categories == {1: "owl", 4: "ibis"}
    assert (collection.examples[0].objects or ()).labels == ("owl", "owl")  # type: ignore[union-attr]
    assert "1 category with the name of an earlier one: taken as one (6 is owl)" in collection.notes
    assert "3 numbers that no category has, between the first and the last: kept as gaps" in collection.notes
    assert "1 category without a box (ibis)" in collection.notes


def test_a_photograph_listed_twice_is_one(coco: Coco) -> None:
    images = [{"id": number, "file_name": "a.jpg", "width": 40, "height": 30} for number in (7, 8)]
    collection = open_detection(str(coco({"bbox": [1, 2, 3, 4]}, {"bbox": [1, 2, 3, 4], "image_id": 8}, images=images)))
    assert len(collection.examples) == 1 and len(collection.examples[0].objects or ()) == 2
    assert "1 photograph listed twice: taken as one (train/a.jpg)" in collection.notes
    assert "1 photograph left out: the annotations do not name it (train/b.jpg)" in collection.notes


def test_missing_photographs_are_bad(picture: Picture, coco: Coco) -> None:
    for number in range(200):
        picture(f"set/train/{number}.jpg")
    images = [{"id": number, "file_name": f"{number}.jpg", "width": 40, "height": 30} for number in range(202)]
    collection = open_detection(str(coco(images=images)))
    assert collection.bad == {"train/200.jpg": "missing", "train/201.jpg": "missing"}
    assert len(collection.examples) == 200
    assert (
        "2 of 202 photographs cannot be used: train/200.jpg (missing), train/201.jpg (missing); left out"
        in (collection.notes[-1])
    )


def test_too_many_missing_photographs_stop(coco: Coco) -> None:
    folder = coco()
    (folder / "train" / "b.jpg").unlink()
    with pytest.raises(JobError, match=r"1 of 2 photographs cannot be used: train/b.jpg \(missing\)"):
        open_detection(str(folder))


def test_boxes_drawn_on_another_size_cannot_be_placed(coco: Coco) -> None:
    images = [{"id": 7, "file_name": "a.jpg", "width": 80, "height": 60}]
    with pytest.raises(JobError, match="annotated at 80 x 60 pixels, the file has 40 x 30"):
        open_detection(str(coco(images=images)))


@pytest.mark.parametrize(
    ("width", "height", "box", "note"),
    [
        (40, 30, [30 - 6, 1, 30 - 2, 4], "1 photograph annotated as stored, not upright as EXIF says"),
        (30, 40, [1, 2, 4, 6], ""),
        (None, None, [1, 2, 4, 6], ""),
    ],
)
def test_boxes_follow_a_photograph_that_exif_turns(
    coco: Coco, picture: Picture, width: int, height: int, box: list[int], note: str
) -> None:
    images = [{"id": 7, "file_name": "a.jpg", "width": width, "height": height}]
    folder = coco({"bbox": [1, 2, 3, 4]}, images=images)
    picture("set/train/a.jpg", width=40, height=30, orientation=6)
    collection = open_detection(str(folder))
    objects = collection.examples[0].objects
    assert objects is not None and objects.size == (40, 30)
    assert objects.boxes.tolist() == [box]
    assert note in " ".join(collection.notes) and ("annotated as stored" in " ".join(collection.notes)) == bool(note)


def test_a_turn_that_keeps_the_size_is_told(coco: Coco, picture: Picture) -> None:
    folder = coco({"bbox": [1, 2, 3, 4]})
    picture("set/train/a.jpg", orientation=3)
    collection = open_detection(str(folder))
    assert (collection.examples[0].objects or ()).boxes.tolist() == [[1, 2, 4, 6]]  # type: ignore[union-attr]
    assert any(note.startswith("1 photograph turned by EXIF to the same size") for note in collection.notes)


@pytest.mark.parametrize(
    "file",
    [
        "set/train/_annotations.coco.json",
        "set/train.json",
        "set/annotations/person_keypoints_train2017.json",
        "set/annotations/instances_train.json",
    ],
)
def test_wherever_tools_put_the_file(coco: Coco, file: str) -> None:
    folder = coco({"bbox": [1, 2, 3, 4]}, file=file)
    assert len(open_detection(str(folder)).examples) == 2
    assert len(open_detection(str(folder.parent / file)).examples) == 2


def test_roboflow_folders_are_splits(coco: Coco, picture: Picture) -> None:
    folder = coco({"bbox": [1, 2, 3, 4]}, file="set/train/_annotations.coco.json")
    images = [{"id": 1, "file_name": "c.jpg"}]
    picture("set/valid/c.jpg")
    coco(images=images, file="set/valid/_annotations.coco.json")
    collection = open_detection(str(folder))
    assert collection.splits == ("train", "val")
    assert [one.photo.name for one in collection.part("val")] == ["valid/c.jpg"]


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"images": {}}, "has no list 'images'"),
        ({"categories": [7]}, r"categories\[0\] is no object"),
        ({"categories": [{"id": "x", "name": "owl"}]}, r"categories\[0\] has no whole number as id"),
        ({"categories": [{"id": 1, "name": " "}]}, r"categories\[0\] has no whole number as id and no text as name"),
        ({"categories": [{"id": 3, "name": "owl"}, {"id": 3, "name": "ibis"}]}, "3 is 'ibis' and 'owl'"),
        ({"images": [{"id": 7}]}, r"images\[0\] has no file_name"),
        ({"images": [{"id": [7], "file_name": "a.jpg"}]}, r"images\[0\] has the id \[7\]"),
        ({"images": [{"id": 7, "file_name": "a.jpg", "width": "x", "height": 3}]}, "the size 'x' x 3"),
        ({"images": [{"id": 7, "file_name": "a.jpg", "width": 2.5, "height": 3}]}, "the size 2.5 x 3"),
        ({"images": [{"id": 7, "file_name": one} for one in ("a.jpg", "b.jpg")]}, "ids are unique"),
        ({"images": [{"id": 7, "file_name": "z.jpg"}]}, "names 1 photographs .* and none is there: put them"),
        ({"images": []}, "lists no photograph"),
    ],
)
def test_files_that_make_no_sense(coco: Coco, over: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        open_detection(str(coco({"bbox": [1, 2, 3, 4]}, **over)))
    assert ("\n" not in str(caught.value) and "instances_train" in str(caught.value)) or "set" in str(caught.value)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ({"bbox": [1, 2, 3]}, r"annotation 0 \(id 0\) has no box of four numbers"),
        ({"bbox": [1, 2, 3, "wide"]}, "no box of four numbers"),
        ({"bbox": "here"}, "no box of four numbers"),
        ({"bbox": [10**400, 1, 1, 1]}, "no box of four numbers"),
        ({"segmentation": [[1, 2, 3]]}, "no box of four numbers"),
        ({"bbox": [1, 2, 3, 4], "area": "large"}, "an area that is no number"),
        ({"bbox": [1, 2, 3, 4], "image_id": [7]}, "an image_id that is no id"),
        ({"bbox": [1, 2, 3, 4], "category_id": {}}, "a category_id that is no number"),
    ],
)
def test_annotations_that_make_no_sense(coco: Coco, box: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        open_detection(str(coco(box)))


def test_two_files_of_one_split(coco: Coco) -> None:
    coco()
    folder = coco(file="set/annotations/instances_train2014.json")
    with pytest.raises(UsageError, match="both mean the split train: name the one"):
        open_detection(str(folder))


def test_splits_may_share_a_folder_and_no_photograph(coco: Coco) -> None:
    image = {"id": 7, "file_name": "a.jpg"}
    coco(images=[image])
    folder = coco(images=[{**image, "file_name": "b.jpg"}], file="set/annotations/instances_val.json")
    (folder / "train").rename(folder / "images")
    collection = open_detection(str(folder))
    assert [(one.photo.name, one.split) for one in collection.examples] == [
        ("images/a.jpg", "train"),
        ("images/b.jpg", "val"),
    ]
    assert not any("do not name it" in note for note in collection.notes)
    (folder / "images").rename(folder / "train")
    coco(images=[image], file="set/annotations/instances_val.json")
    (folder / "train").rename(folder / "images")
    with pytest.raises(UsageError, match=r"a.jpg is in train too: leave it in one of them"):
        open_detection(str(folder))


def test_damaged_json_is_named_with_its_line(coco: Coco) -> None:
    folder = coco()
    file = folder / "annotations" / "instances_train.json"
    file.write_text('{"images": [],\n "annotations": [}')
    with pytest.raises(UsageError, match=r"instances_train.json, line 2: damaged JSON"):
        open_detection(str(folder))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(st.binary(max_size=60), st.just(b"[" * 100_000), st.just(b'{"a":' + b"9" * 5000 + b"}")))
def test_random_bytes_are_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "some.json"
    file.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        open_detection(str(file))
    assert "\n" not in " ".join(str(caught.value).split())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
ROW = st.fixed_dictionaries(
    {},
    optional={
        key: JSON | st.just(3) | st.just("a.jpg") | st.lists(st.floats(), min_size=4, max_size=4)
        for key in (
            "id",
            "image_id",
            "category_id",
            "bbox",
            "segmentation",
            "area",
            "iscrowd",
            "file_name",
            "name",
            "width",
        )
    },
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(images=st.lists(ROW, max_size=2), annotations=st.lists(ROW, max_size=3), categories=st.lists(ROW, max_size=2))
def test_any_rows_are_read_or_refused(
    coco: Coco, images: list[Any], annotations: list[Any], categories: list[Any]
) -> None:
    good = {"images": [{"id": 3, "file_name": "a.jpg"}, *images], "categories": [{"id": 3, "name": "owl"}, *categories]}
    folder = coco(annotations=annotations, **good)
    try:
        collection = open_detection(str(folder))
    except (UsageError, JobError):
        return
    for example in collection.examples:
        assert example.objects is not None and np.isfinite(example.objects.boxes).all()
