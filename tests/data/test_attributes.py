"""Attributes from tables and folders."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.data.attributes import divide_attributes, open_attributes
from mobilenets.data.photos import Collection, Example, FilePhoto
from mobilenets.errors import UsageError


def table(folder: Path, text: str, *, name: str = "faces.csv") -> str:
    """A table beside the photographs a.jpg to d.jpg."""
    for letter in "abcd":
        (folder / f"{letter}.jpg").write_bytes(letter.encode())
    (folder / name).write_text(text)
    return str(folder / name)


def known(collection: Collection) -> dict[str, dict[str, str]]:
    return {one.photo.name: dict(one.fields) for one in collection.examples}


def test_a_column_an_attribute(tmp_path: Path) -> None:
    text = "file,Smiling,Bald,Male,Young\na.jpg,1,-1,yes,TRUE\nb.jpg,0,1,no,false\nc.jpg,,-1,,True\n"
    collection = open_attributes(table(tmp_path, text))
    assert known(collection) == {
        "a.jpg": {"smiling": "yes", "bald": "no", "male": "yes", "young": "yes"},
        "b.jpg": {"smiling": "no", "bald": "yes", "male": "no", "young": "no"},
        "c.jpg": {"smiling": "", "bald": "no", "male": "", "young": "yes"},
    }
    assert collection.notes == ()
    assert collection.splits == ()


def test_numbers_as_pandas_writes_them_beside_empty_ones(tmp_path: Path) -> None:
    collection = open_attributes(table(tmp_path, "path,bald\na.jpg,1.0\nb.jpg,0.0\nc.jpg,\n"))
    assert known(collection) == {"a.jpg": {"bald": "yes"}, "b.jpg": {"bald": "no"}}
    assert collection.notes == ("1 photograph left out: nothing is known of them",)


def test_a_split_column_divides(tmp_path: Path) -> None:
    text = "file;split;bald\na.jpg;train;1\nb.jpg;train;0\nc.jpg;val;1\nd.jpg;test;0\n"
    collection = open_attributes(table(tmp_path, text))
    assert [one.split for one in collection.examples] == ["train", "train", "val", "test"]
    assert divide_attributes(collection, fraction=0.5, seed=0) == collection


def test_other_columns_are_left_out_and_named(tmp_path: Path) -> None:
    text = "file,person,age,bald,label\na.jpg,ann,31,1,x\nb.jpg,bob,40,0,y\n"
    collection = open_attributes(table(tmp_path, text))
    assert known(collection) == {"a.jpg": {"bald": "yes"}, "b.jpg": {"bald": "no"}}
    assert collection.notes == (
        "2 columns left out, of no yes and no: person, age",
        "the column of labels is left out: --task classify learns it",
    )
    assert [one.label for one in collection.examples] == [None, None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,bald\na.jpg,1\nb.jpg,maybe\n", r"faces: bald of b.jpg is 'maybe', which is no yes or no: use 1 and 0"),
        ("file,bald\na.jpg,1\nb.jpg,0\nc.jpg,-1\n", "faces: the column bald has both 0 and -1: write one of them"),
        ("file,person\na.jpg,ann\nb.jpg,bob\n", r"faces has no column of yes and no besides the file \(person\)"),
        ("file,bald\na.jpg,\nb.jpg,\n", r"faces has no column of yes and no besides the file \(bald\)"),
        ("name,bald\na.jpg,1\n", "has the columns name, bald: needed are file or path or image or filename"),
        ("file,bald\n", "lists no photographs"),
        ("file\na.jpg\n", "faces has 0 labels"),
        ("file,label\na.jpg,ants\nb.jpg,bees\n", "faces: which of 'ants' and 'bees' is the yes"),
    ],
)
def test_what_is_no_yes_or_no_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        open_attributes(table(tmp_path, text))


def test_two_labels_of_a_table_may_be_one_attribute(tmp_path: Path) -> None:
    collection = open_attributes(table(tmp_path, "file,label\na.jpg,Smile\nb.jpg,no_smile\n"))
    assert known(collection) == {"a.jpg": {"smile": "yes"}, "b.jpg": {"smile": "no"}}


def folders(top: Path, *names: str) -> str:
    for name in names:
        (top / name).mkdir(parents=True)
        (top / name / "1.jpg").write_bytes(name.encode())
    return str(top)


def test_two_folders_are_one_attribute(tmp_path: Path) -> None:
    collection = open_attributes(folders(tmp_path / "faces", "train/yes", "train/no", "val/yes", "val/no"))
    assert [(one.split, one.fields["yes"]) for one in collection.examples] == [
        ("train", "no"),
        ("train", "yes"),
        ("val", "no"),
        ("val", "yes"),
    ]


def test_three_folders_are_classes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"faces has 3 labels \(ant, bee, cat\): attributes are a table"):
        open_attributes(folders(tmp_path / "faces", "ant", "bee", "cat"))


def test_digits_are_no_attributes() -> None:
    with pytest.raises(UsageError, match="digits has 10 labels"):
        open_attributes("digits")


def test_smiles(shared_data: Path) -> None:
    collection = open_attributes(str(shared_data / "smiles4000"))
    smiles = [one.fields["smile"] for one in collection.examples]
    assert (len(smiles), smiles.count("yes")) == (4000, 2000)
    divided = divide_attributes(collection, fraction=0.2, seed=0)
    assert [len(divided.part(split)) for split in ("train", "val")] == [3200, 800]
    assert sum(one.fields["smile"] == "yes" for one in divided.part("val")) == 400
    assert [one.label for one in divided.examples] == [one.label for one in collection.examples]


# --- Holding out ---


def _collection(rows: list[dict[str, str]]) -> Collection:
    examples = (Example(FilePhoto(f"{place}.jpg", Path()), fields=fields) for place, fields in enumerate(rows))
    return Collection(name="faces", examples=tuple(examples))


_answers = st.fixed_dictionaries({name: st.sampled_from(["yes", "no", ""]) for name in ("a", "b", "c")})


@settings(deadline=None)
@given(rows=st.lists(_answers, min_size=4, max_size=40), seed=st.integers(0, 99))
def test_nothing_but_the_split_is_changed(rows: list[dict[str, str]], seed: int) -> None:
    collection = _collection(rows)
    divided = divide_attributes(collection, fraction=0.3, seed=seed)
    assert [(one.photo, one.label, one.fields) for one in divided.examples] == [
        (one.photo, None, one.fields) for one in collection.examples
    ]
    assert {one.split for one in divided.examples} <= {"train", "val"}
    backwards = divide_attributes(_collection(rows[:]), fraction=0.3, seed=seed)
    assert backwards == divided


def test_what_is_rare_is_on_both_sides() -> None:
    """Two of 200 are bald; chance alone would leave the held-out fifth without them two times in three."""
    rows = [{"bald": "yes" if place in (3, 150) else "no", "male": ("no", "yes")[place % 2]} for place in range(200)]
    for seed in range(5):
        divided = divide_attributes(_collection(rows), fraction=0.2, seed=seed)
        for split in ("train", "val"):
            assert sum(one.fields["bald"] == "yes" for one in divided.part(split)) == 1
        assert 35 <= len(divided.part("val")) <= 45


def test_a_single_yes_is_learnt_from() -> None:
    divided = divide_attributes(_collection([{"bald": "yes"}, *[{"bald": "no"}] * 9]), fraction=0.5, seed=0)
    assert divided.examples[0].split == "train"
    assert divided.notes[-1] == "1 label with one photograph, which is in train: bald: yes"


def test_a_photograph_listed_twice_with_other_answers_is_said(tmp_path: Path) -> None:
    text = "file,bald\na.jpg,1\nb.jpg,0\na.jpg,0\nb.jpg,0\n"
    collection = open_attributes(table(tmp_path, text))
    assert known(collection) == {"a.jpg": {"bald": "yes"}, "b.jpg": {"bald": "no"}}
    assert collection.notes == (
        "1 row left out: the photograph is listed before",
        "1 row left out: listed before with other values",
    )
