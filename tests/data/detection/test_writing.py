"""From one layout to another and back: what each can hold comes back, what it cannot is told."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobilenets.data.detection.objects import Objects
from mobilenets.data.detection.opening import Layout, open_detection, opened_detection
from mobilenets.data.detection.writers.voc import pixels
from mobilenets.data.detection.writing import write_detection
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.errors import UsageError

WIDTH, HEIGHT = 64, 48
PIXELS = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
CATEGORIES = {1: "owl", 4: "ibis & co", 9: "emu"}
LAYOUTS: tuple[Layout, ...] = ("coco", "voc", "yolo")


@st.composite
def objects(draw: st.DrawFn, *, whole: bool = False) -> Objects:
    count = draw(st.integers(0, 4))
    side = st.integers if whole else st.floats
    boxes = []
    for _ in range(count):
        left, top = draw(side(0, WIDTH - 2)), draw(side(0, HEIGHT - 2))
        boxes.append(
            (left, top, draw(side(int(left) + 1 + (left > int(left)), WIDTH)), draw(side(int(top) + 2, HEIGHT)))
        )
    flags = st.lists(st.booleans(), min_size=count, max_size=count)
    corners = np.array(boxes, dtype=np.float64).reshape(count, 4)
    return Objects(
        size=(HEIGHT, WIDTH),
        boxes=corners,
        labels=tuple(draw(st.lists(st.sampled_from(list(CATEGORIES.values())), min_size=count, max_size=count))),
        crowd=np.array(draw(flags), dtype=np.bool_),
        difficult=np.array(draw(flags), dtype=np.bool_),
        areas=(corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1]) * 0.5,
    )


def _collection(*several: Objects, splits: tuple[str | None, ...] = (None,)) -> Collection:
    examples = (
        Example(ArrayPhoto(f"{number}.png", PIXELS), split=splits[number % len(splits)], objects=one)
        for number, one in enumerate(several)
    )
    return Collection(name="zoo", examples=tuple(examples), categories=CATEGORIES)


def _known(collection: Collection) -> dict[str, Objects]:
    return {one.photo.name.rpartition("/")[2]: one.objects for one in collection.examples if one.objects is not None}


def _splits(collection: Collection) -> dict[str, str | None]:
    return {one.photo.name.rpartition("/")[2]: one.split for one in collection.examples}


def _there_and_back(collection: Collection, folder: Path, layout: Layout) -> dict[str, Objects]:
    write_detection(collection, folder / layout, layout=layout, overwrite=True)
    opened = opened_detection(str(folder / layout))
    assert opened.layout == layout
    assert _splits(opened.collection) == _splits(collection)
    assert tuple(opened.collection.categories.values()) == tuple(CATEGORIES.values())
    return _known(opened.collection)


around = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@around
@given(one=objects(), other=objects())
def test_coco_holds_everything(tmp_path: Path, one: Objects, other: Objects) -> None:
    found = _there_and_back(_collection(one, other, splits=("val", "test")), tmp_path, "coco")
    for before, after in zip((one, other), (found["0.png"], found["1.png"]), strict=True):
        assert np.allclose(before.boxes, after.boxes, rtol=0, atol=2e-9)
        assert np.allclose(before.areas, after.areas, rtol=1e-9, atol=1e-9)
        assert (before.labels, before.size) == (after.labels, after.size)
        assert (before.crowd == after.crowd).all() and (before.difficult == after.difficult).all()


@around
@given(one=objects(), whole=objects(whole=True))
def test_voc_holds_boxes_to_a_thousandth_of_a_pixel_and_whole_ones_exactly(
    tmp_path: Path, one: Objects, whole: Objects
) -> None:
    found = _there_and_back(_collection(one, whole, splits=("train", "val")), tmp_path, "voc")
    assert np.abs(one.boxes - found["0.png"].boxes).max(initial=0) <= 0.0005 + 1e-9
    assert (whole.boxes == found["1.png"].boxes).all()
    for before, after in zip((one, whole), (found["0.png"], found["1.png"]), strict=True):
        assert before.labels == after.labels
        assert ((before.crowd | before.difficult) == after.difficult).all() and not after.crowd.any()


@around
@given(one=objects(), other=objects())
def test_yolo_holds_boxes_to_a_millionth_of_their_size(tmp_path: Path, one: Objects, other: Objects) -> None:
    found = _there_and_back(_collection(one, other), tmp_path, "yolo")
    for before, after in zip((one, other), (found["0.png"], found["1.png"]), strict=True):
        kept = before.boxes[before.counted]
        sides = np.tile(kept[:, 2:] - kept[:, :2], 2)
        assert (np.abs(kept - after.boxes) <= 1e-6 * sides + 1e-9).all()
        assert tuple(np.array(before.labels, dtype=object)[before.counted]) == after.labels


def test_real_boxes_through_all_layouts(shared_data: Path, tmp_path: Path) -> None:
    source = open_detection(str(shared_data / "coco_mini" / "annotations" / "instances_val2017.json"))
    before = _known(source)
    for layout, limit in (("coco", 1e-9), ("voc", 1e-9), ("yolo", 1e-8)):
        written = write_detection(source, tmp_path / layout, layout=layout)  # type: ignore[arg-type]
        collection = open_detection(str(written.folder))
        after = _known(collection)
        assert before.keys() == after.keys() and collection.splits == ("val",)
        for name, one in before.items():
            kept = one.boxes[one.counted] if layout == "yolo" else one.boxes
            assert np.abs(kept - after[name].boxes).max(initial=0) <= limit
        again = write_detection(collection, tmp_path / "again" / layout, layout="coco")
        assert _known(open_detection(str(again.folder))).keys() == before.keys()


@pytest.mark.parametrize(
    ("layout", "files"),
    [
        ("coco", ["annotations/instances_train.json", "annotations/instances_val.json", "train/0.png", "val/1.png"]),
        (
            "voc",
            [
                *("Annotations/0.xml", "Annotations/1.xml", "ImageSets/Main/train.txt", "ImageSets/Main/val.txt"),
                *("JPEGImages/0.png", "JPEGImages/1.png", "labels.txt"),
            ],
        ),
        (
            "yolo",
            ["data.yaml", "images/train/0.png", "images/val/1.png", "labels/train/0.txt", "labels/val/1.txt"],
        ),
    ],
)
def test_the_files_of_each_layout(tmp_path: Path, layout: Layout, files: list[str]) -> None:
    nothing = _objects([])
    write_detection(_collection(nothing, nothing, splits=("train", "val")), tmp_path / "out", layout=layout)
    out = tmp_path / "out"
    assert sorted(str(one.relative_to(out)) for one in out.rglob("*") if one.is_file()) == sorted(files)


def _objects(boxes: list[list[float]], *, crowd: bool = False, difficult: bool = False) -> Objects:
    count = len(boxes)
    return Objects(
        size=(HEIGHT, WIDTH),
        boxes=np.array(boxes, dtype=np.float64).reshape(count, 4),
        labels=("owl",) * count,
        crowd=np.full(count, crowd),
        difficult=np.full(count, difficult),
        areas=np.full(count, 5.0),
    )


def test_coco_keeps_the_numbers_of_categories_and_short_decimals(tmp_path: Path) -> None:
    box = [60.72, 30.31, 60.72 + 1.04, 30.31 + 8.06]
    write_detection(_collection(_objects([box])), tmp_path / "out", layout="coco")
    content = json.loads((tmp_path / "out" / "annotations" / "instances.json").read_text())
    assert content["categories"] == [{"id": number, "name": name} for number, name in CATEGORIES.items()]
    assert content["annotations"] == [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [60.72, 30.31, 1.04, 8.06], "area": 5.0, "iscrowd": 0}
    ]


@pytest.mark.parametrize(
    ("layout", "notes"),
    [
        ("coco", ["1 difficult box marked by a key that only this program reads"]),
        (
            "voc",
            [
                "1 crowd box written as difficult: Pascal VOC knows no crowds",
                "3 boxes without the area of the outline, which Pascal VOC does not write",
                "2 categories with another number: Pascal VOC has names alone, in the order of labels.txt",
            ],
        ),
        (
            "yolo",
            [
                "1 crowd box left out: YOLO knows none",
                "1 difficult box left out: YOLO knows none",
                "3 boxes without the area of the outline, which YOLO's boxes do not have",
                "3 categories with another number: YOLO counts from 0 without gaps",
            ],
        ),
    ],
)
def test_what_a_layout_cannot_hold_is_told(tmp_path: Path, layout: Layout, notes: list[str]) -> None:
    box = [[1.0, 1.0, 9.0, 9.0]]
    collection = _collection(_objects(box), _objects(box, crowd=True), _objects(box, difficult=True))
    written = write_detection(collection, tmp_path / "out", layout=layout)
    assert written.notes == ("3 photographs copied", *notes)


@pytest.mark.parametrize("copy", [False, True])
def test_photographs_are_linked_or_copied(shared_data: Path, tmp_path: Path, copy: bool) -> None:
    source = open_detection(str(shared_data / "coco_mini" / "annotations" / "instances_val2017.json"))
    first = write_detection(source, tmp_path / "first", layout="coco", copy=True)
    written = write_detection(open_detection(str(first.folder)), tmp_path / "out", layout="yolo", copy=copy)
    name = "000000000139.jpg"
    before, after = tmp_path / "first" / "val" / name, tmp_path / "out" / "images" / "val" / name
    assert before.read_bytes() == after.read_bytes()
    assert before.samefile(after) != copy
    assert written.notes[0].startswith("79 photographs copied" if copy else "79 photographs linked (one file")


def test_no_two_photographs_have_one_name(tmp_path: Path) -> None:
    names = ("a/x.png", "b/x.png", "X.jpg", "b_x.jpg", "../b/x.webp", "no ending", "a:b?.png")
    examples = tuple(Example(ArrayPhoto(name, PIXELS), objects=_objects([])) for name in names)
    written = write_detection(
        Collection(name="zoo", examples=examples, categories=CATEGORIES), tmp_path / "out", layout="voc"
    )
    made = sorted(one.name for one in (tmp_path / "out" / "JPEGImages").iterdir())
    assert made == sorted(["x.png", "b_x.png", "X_2.jpg", "b_x_2.jpg", "b_x_3.webp", "no ending.png", "a_b_.png"])
    assert "6 photographs renamed: another has the same name, or it is no name for a file" in written.notes
    assert len(open_detection(str(tmp_path / "out")).examples) == len(names)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    collection = _collection(_objects([]))
    out = tmp_path / "out"
    write_detection(collection, out, layout="coco")
    with pytest.raises(UsageError, match="holds annotations: choose another folder, or --overwrite"):
        write_detection(collection, out, layout="voc")
    write_detection(collection, out, layout="voc", overwrite=True)
    assert sorted(one.name for one in out.iterdir()) == ["Annotations", "JPEGImages", "labels.txt"]
    (out / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"holds thesis.tex, which is no part of such a layout"):
        write_detection(collection, out, layout="voc", overwrite=True)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file: it takes a folder"):
        write_detection(collection, tmp_path / "file", layout="voc")


def test_the_source_is_not_replaced_by_itself(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_detection(_collection(_objects([])), out, layout="coco")
    with pytest.raises(UsageError, match=r"holds images/0.png, which is to be written"):
        write_detection(open_detection(str(out)), out, layout="yolo", overwrite=True)


def test_names_that_xml_cannot_hold(tmp_path: Path) -> None:
    collection = Collection(
        name="zoo", examples=(Example(ArrayPhoto("a.png", PIXELS), objects=_objects([])),), categories={1: "o\0wl"}
    )
    with pytest.raises(UsageError, match="has letters that XML cannot hold: rename it"):
        write_detection(collection, tmp_path / "out", layout="voc")
    assert list(tmp_path.iterdir()) == []


def test_photographs_of_which_nothing_is_known(tmp_path: Path) -> None:
    collection = Collection(name="zoo", examples=(Example(ArrayPhoto("a.png", PIXELS)),), categories=CATEGORIES)
    with pytest.raises(UsageError, match=r"nothing is known of boxes in a.png"):
        write_detection(collection, tmp_path / "out", layout="coco")


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (100.0, "100"), (2.5, "2.5"), (1 / 3, "0.333"), (9.9999, "10")]
)
def test_pixels_are_whole_where_they_are_whole(value: float, text: str) -> None:
    assert pixels(value) == text
