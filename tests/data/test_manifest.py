"""Tables that list photographs."""

from pathlib import Path

import pytest

from mobilenets.data.manifest import read_manifest
from mobilenets.errors import JobError, UsageError


def listing(folder: Path, text: str, *files: str, name: str = "labels.csv") -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(file.encode())
    (folder / name).write_text(text)
    return folder / name


def test_files_labels_and_other_columns(tmp_path: Path) -> None:
    path = listing(tmp_path, "Label,FILE,Lat\ncat,b/10.jpg,1.5\ndog,b/9.jpg,-2\n", "b/10.jpg", "b/9.jpg")
    collection = read_manifest(path)
    assert collection.name == "labels" and collection.notes == () and collection.bad == {}
    assert [(one.photo.name, one.label, one.split, dict(one.fields)) for one in collection.examples] == [
        ("b/9.jpg", "dog", None, {"lat": "-2"}),
        ("b/10.jpg", "cat", None, {"lat": "1.5"}),
    ]
    assert collection.examples[0].photo.read() == b"b/9.jpg"


@pytest.mark.parametrize("file", ["file", "path", "IMAGE", "Filename"])
@pytest.mark.parametrize("label", ["label", "Class", "category"])
def test_names_of_columns(tmp_path: Path, file: str, label: str) -> None:
    path = listing(tmp_path, f"{file};{label}\n1.jpg;a\n2.jpg;b\n", "1.jpg", "2.jpg")
    assert [one.label for one in read_manifest(path).examples] == ["a", "b"]


def test_splits_by_any_of_their_names(tmp_path: Path) -> None:
    text = "file,label,split\n1.jpg,a,Training\n2.jpg,b,train\n3.jpg,a,valid\n4.jpg,b,TEST\n"
    collection = read_manifest(listing(tmp_path, text, "1.jpg", "2.jpg", "3.jpg", "4.jpg"))
    assert [one.split for one in collection.examples] == ["train", "train", "val", "test"]


def test_train_alone_is_no_split(tmp_path: Path) -> None:
    path = listing(tmp_path, "file,label,split\n1.jpg,a,train\n2.jpg,b,train\n", "1.jpg", "2.jpg")
    assert read_manifest(path).splits == ()


def test_files_may_lie_in_images_beside_the_table(tmp_path: Path) -> None:
    path = listing(
        tmp_path, "file,label\n1.jpg,a\n2.jpg,b\nsub\\3.jpg,b\n", "images/1.jpg", "2.jpg", "images/sub/3.jpg"
    )
    collection = read_manifest(path)
    assert [one.photo.read() for one in collection.examples] == [b"images/1.jpg", b"2.jpg", b"images/sub/3.jpg"]
    assert collection.notes == (f"2 photographs found in {tmp_path / 'images'}",)


def test_files_may_be_absolute_or_above(tmp_path: Path) -> None:
    listing(tmp_path, "", "a.jpg", "b.jpg")
    (tmp_path / "lists").mkdir()
    path = listing(tmp_path / "lists", f"file,label\n{tmp_path / 'a.jpg'},a\n../b.jpg,b\n")
    assert {one.photo.read() for one in read_manifest(path).examples} == {b"a.jpg", b"b.jpg"}


def rows(count: int, *, missing: int) -> str:
    return "file,label\n" + "".join(f"{'gone' if n < missing else 'here'}{n}.jpg,{n % 2}\n" for n in range(count))


def test_a_few_missing_files_are_named_and_left_out(tmp_path: Path) -> None:
    path = listing(tmp_path, rows(200, missing=2), *(f"here{n}.jpg" for n in range(2, 200)))
    collection = read_manifest(path)
    assert len(collection.examples) == 198
    assert collection.bad == {"gone0.jpg": "missing", "gone1.jpg": "missing"}
    assert collection.notes == (
        "2 of 200 photographs cannot be used: gone0.jpg (missing), gone1.jpg (missing); left out",
    )
    with pytest.raises(JobError, match="--strict allows none"):
        read_manifest(path, strict=True)


def test_many_missing_files_stop(tmp_path: Path) -> None:
    path = listing(tmp_path, rows(10, missing=10))
    with pytest.raises(JobError, match=r"^10 of 10 .*gone0\.jpg \(missing\).* and 7 more; at most 1% may be"):
        read_manifest(path)


def test_repeated_and_unlabelled_rows_are_counted(tmp_path: Path) -> None:
    text = "file,label\n1.jpg,a\n2.jpg,b\n1.jpg,a\n3.jpg,\n3.jpg,\n"
    collection = read_manifest(listing(tmp_path, text, "1.jpg", "2.jpg", "3.jpg"))
    assert [one.photo.name for one in collection.examples] == ["1.jpg", "2.jpg"]
    assert collection.notes == (
        "1 row left out: the photograph is listed before",
        "2 rows left out: no label",
    )


def test_a_photograph_in_two_splits_is_kept_in_both_for_the_audit(tmp_path: Path) -> None:
    text = "file,label,split\n1.jpg,a,train\n1.jpg,a,val\n2.jpg,b,train\n"
    collection = read_manifest(listing(tmp_path, text, "1.jpg", "2.jpg"))
    assert [(one.photo.name, one.split) for one in collection.examples] == [
        ("1.jpg", "train"),
        ("1.jpg", "val"),
        ("2.jpg", "train"),
    ]


def test_another_task_asks_for_its_own_columns(tmp_path: Path) -> None:
    path = listing(tmp_path, "file,Lat,lon\n1.jpg,3,4\n", "1.jpg")
    (example,) = read_manifest(path, needs=("lat", "lon")).examples
    assert example.label is None and example.fields == {"lat": "3", "lon": "4"}
    with pytest.raises(UsageError, match=r"has the columns file, lat, lon: needed are file or path .*; lat; country$"):
        read_manifest(path, needs=("lat", "country"))
    with pytest.raises(UsageError, match="lists no photographs"):
        read_manifest(listing(tmp_path, "file,lat,lon\n"), needs=("lat", "lon"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "photo,kind\n1.jpg,a\n",
            r"labels\.csv has the columns photo, kind: needed are file or path or image or filename; "
            r"label or class or category$",
        ),
        ("1.jpg,a\n2.jpg,b\n", r"has the columns 1\.jpg, a: needed are"),
        ("file,label\n1.jpg,a\n1.jpg,b\n", r"1\.jpg is 'a' on line 2 and 'b' on line 3: a photograph has one label"),
        ("file,label\n,a\n", r"line 2: names no file"),
        ("file,label,split\n1.jpg,a,fold3\n", r"line 2: the split 'fold3' is none of train, val and test"),
        ("file,label,split\n1.jpg,a,train\n2.jpg,b,\n", r"1 of 2 photographs have no split \(the first: 2\.jpg\)"),
        ("file,label\n1.jpg,a\n2.jpg,a\n", r"labels\.csv has one label only \('a', 2 photographs\)"),
        ("file,label\n", r"labels\.csv has no labelled photograph"),
    ],
)
def test_what_cannot_be_understood_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_manifest(listing(tmp_path, text, "1.jpg", "2.jpg"))


def test_imagenet_val(shared_data: Path) -> None:
    collection = read_manifest(shared_data / "imagenet_val650" / "labels.csv")
    assert len(collection.examples) == 650 and not collection.bad
    assert collection.notes == (f"650 photographs found in {shared_data / 'imagenet_val650' / 'images'}",)
    first = collection.examples[0]
    assert (first.photo.name, first.label) == ("ILSVRC2012_val_00000347.JPEG", "472")
    assert first.fields == {"wnid": "n02951358", "words": "canoe"}
    assert collection.labels[1:3] == tuple(sorted(collection.labels, key=int)[1:3])


def test_geotags(shared_data: Path) -> None:
    collection = read_manifest(shared_data / "geotagged" / "gps.csv", needs=("lat", "lon"))
    assert len(collection.examples) == 57
    assert all(-90 <= float(one.fields["lat"]) <= 90 for one in collection.examples)
