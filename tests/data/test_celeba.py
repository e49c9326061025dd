"""CelebA's files, as its authors and as Kaggle hand them out."""

from pathlib import Path

import pytest

from mobilenets.data.attributes import open_attributes
from mobilenets.data.celeba import read_celeba
from mobilenets.errors import JobError, UsageError

LIST = "3\nBald Smiling \n000001.jpg -1  1\n000002.jpg  1 -1\n000003.jpg -1 -1\n"
PARTITION = "000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n"


def celeba(folder: Path, files: dict[str, str], *, photographs: str = "img_align_celeba", count: int = 3) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / photographs).mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        (folder / photographs / f"{number:06}.jpg").write_bytes(b"")
    return folder


AUTHORS = {"list_attr_celeba.txt": LIST, "list_eval_partition.txt": PARTITION}
WEBSITE = {"Anno/list_attr_celeba.txt": LIST, "Eval/list_eval_partition.txt": PARTITION}
KAGGLE = {
    "list_attr_celeba.csv": "image_id,Bald,Smiling\n000001.jpg,-1,1\n000002.jpg,1,-1\n000003.jpg,-1,-1\n",
    "list_eval_partition.csv": "image_id,partition\n000001.jpg,0\n000002.jpg,1\n000003.jpg,2\n",
}


@pytest.mark.parametrize(
    ("files", "photographs"),
    [
        (AUTHORS, "img_align_celeba"),
        (AUTHORS, ""),
        (WEBSITE, "Img/img_align_celeba"),
        (KAGGLE, "img_align_celeba/img_align_celeba"),
    ],
)
def test_every_layout_reads_the_same(tmp_path: Path, files: dict[str, str], photographs: str) -> None:
    folder = celeba(tmp_path / "celeba", files, photographs=photographs)
    collection = open_attributes(str(folder))
    names = [f"{photographs}/{number:06}.jpg".lstrip("/") for number in (1, 2, 3)]
    assert [(one.photo.name, one.split, dict(one.fields)) for one in collection.examples] == [
        (names[0], "train", {"bald": "no", "smiling": "yes"}),
        (names[1], "val", {"bald": "yes", "smiling": "no"}),
        (names[2], "test", {"bald": "no", "smiling": "no"}),
    ]
    assert all(one.photo.read() == b"" for one in collection.examples)
    assert collection.name == "celeba"
    assert collection.notes[0].startswith("2 attributes of ")


def test_the_list_itself_may_be_named(tmp_path: Path) -> None:
    folder = celeba(tmp_path, AUTHORS)
    assert open_attributes(str(folder / "list_attr_celeba.txt")) == open_attributes(str(folder))


def test_without_a_partition_there_is_no_split(tmp_path: Path) -> None:
    collection = read_celeba(celeba(tmp_path, {"list_attr_celeba.txt": LIST}))
    assert collection is not None and collection.splits == ()


def test_other_folders_are_not_celeba(tmp_path: Path) -> None:
    assert read_celeba(tmp_path) is None
    assert read_celeba(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4" + LIST[1:], "says 4 photographs and lists 3: take it from a copy"),
        (LIST.replace("3\n", "", 1), "the first line has to be the number of photographs"),
        ("", "the first line has to be the number of photographs"),
        (LIST.replace("000002.jpg  1 -1", "000002.jpg  1"), "line 4: 1 values for 2 attributes"),
        (LIST.replace("000002.jpg  1 -1", "000002.jpg  1 7"), "line 4: '7' is no yes or no: use 1 and 0"),
        (LIST.replace("000003", "000001"), "line 5: 000001.jpg is listed before"),
        (LIST.replace("Bald Smiling", "Bald bald"), "names no attributes, or one twice"),
    ],
)
def test_a_damaged_list_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_celeba(celeba(tmp_path, {"list_attr_celeba.txt": text}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PARTITION.replace("jpg 2", "jpg 3"), r"line 3: a photograph and 0 \(train\), 1 \(val\) or 2 \(test\)"),
        (PARTITION.replace("jpg 2", "jpg"), "line 3: a photograph and 0"),
        ("000001.jpg 0\n", "does not say where 000002.jpg belongs"),
    ],
)
def test_a_damaged_partition_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_celeba(celeba(tmp_path, {**AUTHORS, "list_eval_partition.txt": text}))


def test_missing_photographs_stop_it(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"1 of 3 photographs cannot be used: 000003.jpg \(missing\)"):
        read_celeba(celeba(tmp_path, AUTHORS, count=2))


def test_a_few_missing_photographs_are_named_and_left_out(tmp_path: Path) -> None:
    rows = "".join(f"{number:06}.jpg -1 1\n" for number in range(1, 201))
    collection = read_celeba(celeba(tmp_path, {"list_attr_celeba.txt": f"200\nBald Smiling\n{rows}"}, count=199))
    assert collection is not None
    assert len(collection.examples) == 199
    assert collection.bad == {"000200.jpg": "missing"}
    assert "1 of 200 photographs cannot be used: 000200.jpg (missing); left out" in collection.notes


def test_no_photographs_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has CelebA's lists and no photographs: put img_align_celeba beside them"):
        read_celeba(celeba(tmp_path, AUTHORS, count=0))
