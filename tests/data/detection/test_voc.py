"""Pascal VOC's XML, in VOC's own folders and elsewhere."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.data.detection.opening import open_detection, opened_detection
from mobilenets.data.detection.voc_file import voc_file
from mobilenets.errors import JobError, UsageError

Picture = Callable[..., Path]


def _object(name: str = "owl", box: str = "3 4 10 12", extra: str = "") -> str:
    sides = zip(("xmin", "ymin", "xmax", "ymax"), box.split(), strict=True)
    corners = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
    return f"<object><name>{name}</name>{extra}<bndbox>{corners}</bndbox></object>"


def _xml(
    file: Path, *objects: str, size: str = "<size><width>40</width><height>30</height></size>", name: str = ""
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<annotation><filename>{name}</filename>{size}{''.join(objects)}</annotation>")


def _devkit(tmp_path: Path, picture: Picture, **lists: str) -> Path:
    year = tmp_path / "VOCdevkit" / "VOC2012"
    for name in ("2", "10", "1"):
        picture(f"VOCdevkit/VOC2012/JPEGImages/{name}.jpg")
        _xml(year / "Annotations" / f"{name}.xml", *([] if name == "1" else [_object()]), name=f"{name}.jpg")
    for name, lines in lists.items():
        (year / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
        (year / "ImageSets" / "Main" / f"{name}.txt").write_text("\n".join(lines.split()) + "\n")
    return year.parent


def test_vocs_own_folders(tmp_path: Path, picture: Picture) -> None:
    devkit = _devkit(tmp_path, picture, train="2", val="10 1", trainval="2 10 1", owl_train="2")
    for source in (devkit, devkit / "VOC2012", tmp_path):
        opened = opened_detection(str(source))
        assert opened.layout == "voc"
        names = [one.photo.name.rpartition("/")[2] for one in opened.collection.examples]
        assert names == ["1.jpg", "2.jpg", "10.jpg"]
        assert [one.split for one in opened.collection.examples] == ["val", "train", "val"]
    objects = opened.collection.examples[1].objects
    assert objects is not None and objects.boxes.tolist() == [[2, 3, 10, 12]] and objects.areas.tolist() == [72]
    assert opened.collection.categories == {1: "owl"}
    assert "1 photograph without boxes: kept, nothing is to be found there" in " ".join(opened.collection.notes)


def test_lists_name_more_and_less_than_there_is(tmp_path: Path, picture: Picture) -> None:
    collection = open_detection(str(_devkit(tmp_path, picture, trainval="2", test="10 77")))
    assert collection.splits == ("train", "test")
    assert "1 listed photograph left out: no annotation of it (77)" in collection.notes
    assert any(note.startswith("1 photograph left out: the annotations do not name it") for note in collection.notes)


def test_a_photograph_in_two_splits(tmp_path: Path, picture: Picture) -> None:
    with pytest.raises(UsageError, match=r"val.txt: 2 is in train too"):
        open_detection(str(_devkit(tmp_path, picture, train="2", val="2 10")))


@pytest.mark.parametrize(
    ("image", "xml", "split"),
    [
        ("a.jpg", "a.xml", None),
        ("images/a.jpg", "annotations/a.xml", None),
        ("val/images/a.jpg", "val/annotations/a.xml", "val"),
        ("val/a.jpg", "val/a.xml", "val"),
        ("images/val/a.png", "xmls/val/a.xml", "val"),
    ],
)
def test_any_folder_of_photographs_and_xml(
    tmp_path: Path, picture: Picture, image: str, xml: str, split: str | None
) -> None:
    picture(f"set/{image}")
    picture("set/other.jpg" if split is None else "set/val/other.jpg")
    _xml(tmp_path / "set" / xml, _object(extra="<difficult>1</difficult>"))
    collection = open_detection(str(tmp_path / "set"))
    (example,) = collection.examples
    assert example.split == split and example.photo.name.endswith(image.rpartition("/")[2])
    assert example.objects is not None and example.objects.difficult.tolist() == [True]
    assert "1 photograph left out: the annotations do not name it" in " ".join(collection.notes)


def test_labels_txt_orders_the_categories(tmp_path: Path, picture: Picture) -> None:
    picture("set/a.jpg")
    _xml(tmp_path / "set" / "a.xml", _object("owl"), _object("bat"), _object("ibis"))
    (tmp_path / "set" / "labels.txt").write_text("owl\nemu\n")
    collection = open_detection(str(tmp_path / "set"))
    assert collection.categories == {1: "owl", 2: "emu", 3: "bat", 4: "ibis"}
    assert "1 category without a box (emu)" in collection.notes


def test_edges_count_from_one_and_the_last_pixel_is_inside(tmp_path: Path, picture: Picture) -> None:
    picture("set/a.jpg")
    boxes = ("1 1 40 30", "5 5 5 5", "0 0 9 9", "9 9 8 12", "9 9 5 12", "1.5 2.25 3 4")
    _xml(tmp_path / "set" / "a.xml", *(_object(box=box) for box in boxes))
    collection = open_detection(str(tmp_path / "set"))
    objects = collection.examples[0].objects
    assert objects is not None
    assert objects.boxes.tolist() == [[0, 0, 40, 30], [4, 4, 5, 5], [0, 0, 9, 9], [0.5, 1.25, 3, 4]]
    said = " ".join(collection.notes)
    assert "1 box left out: no area" in said and "1 box left out: a negative" in said and "1 box beyond" in said


def test_a_size_of_zero_is_none(tmp_path: Path, picture: Picture) -> None:
    picture("set/a.jpg")
    _xml(tmp_path / "set" / "a.xml", _object(), size="<size><width>0</width><height>0</height></size>")
    assert open_detection(str(tmp_path / "set")).examples[0].objects is not None


def test_xml_without_its_photograph(tmp_path: Path, picture: Picture) -> None:
    picture("set/a.jpg")
    _xml(tmp_path / "set" / "a.xml", _object())
    _xml(tmp_path / "set" / "b.xml", _object(), name="b.png")
    with pytest.raises(JobError, match=r"1 of 2 photographs cannot be used: b.png \(missing\)"):
        open_detection(str(tmp_path / "set"))


def test_two_photographs_of_one_name(tmp_path: Path, picture: Picture) -> None:
    for name in ("a.jpg", "a.png"):
        picture(f"set/{name}")
    _xml(tmp_path / "set" / "a.xml", _object(), name="a.png")
    assert open_detection(str(tmp_path / "set")).examples[0].photo.name == "a.png"
    _xml(tmp_path / "set" / "a.xml", _object())
    with pytest.raises(UsageError, match=r"may be of a.jpg or a.png: take one away"):
        open_detection(str(tmp_path / "set"))


BOMB = b'<!DOCTYPE a [<!ENTITY x "owl"><!ENTITY y "&x;&x;&x;">]><annotation><filename>&y;</filename></annotation>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOMB, "has a document type"),
        (OUTSIDE, "has a document type"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><annotation/>'.encode("utf-16"), "has a document type"),
        (b"<annotation><object></annotation>", "line 1: damaged XML"),
        (b"<annotation>\n\n<object>&nothing;", "line 3: damaged XML"),
        (b"", "damaged XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><annotation/>', "damaged XML"),
        (b"<html/>", "begins with <html>"),
        (f"<annotation>{_object(name='')}</annotation>".encode(), "object 1 has no name"),
        (b"<annotation><object><name>owl</name></object></annotation>", "object 1 has no bndbox"),
        (f"<annotation>{_object()}{_object(box='1 2 x 4')}</annotation>".encode(), "object 2 has 'x' as xmax"),
        (b"<annotation><size><width>9</width></size></annotation>", "size has '' as height"),
        (b"<annotation><size><width>-9</width><height>3</height></size></annotation>", "the size -9 x 3 is none"),
    ],
)
def test_files_that_make_no_sense(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        voc_file(data, "a.xml")
    assert str(caught.value).startswith("a.xml") and "\n" not in str(caught.value)


@given(data=st.binary(max_size=80) | st.text(max_size=40).map(lambda text: f"<annotation>{text}".encode()))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        voc_file(data, "a.xml")


@given(value=st.text(max_size=8).filter(lambda text: not set(text) & set("<&\r") and text.isprintable()))
def test_any_number_is_read_or_refused(value: str) -> None:
    try:
        found = voc_file(f"<annotation>{_object(box='1 2 3 4').replace('3', value)}</annotation>".encode(), "a.xml")
    except UsageError as error:
        assert "a number is needed" in str(error)
    else:
        assert isinstance(found.objects[0].box[2], float)
