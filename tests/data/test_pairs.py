"""Lists of pairs as LFW writes them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.data.pairs import only_paired, with_pairs
from mobilenets.data.photos import Collection, Example, FilePhoto, Pair
from mobilenets.errors import UsageError

GOOD = "2\t1\nAnna\t1\t2\nAnna\t1\tBo Li\t3\nBo Li\t1\t3\nBo Li\t1\tCy\t1\n"


def _collection(**people: int) -> Collection:
    names = {"Anna": 2, "Bo Li": 3, "Cy": 1, "Di": 4, **people}
    examples = [
        Example(FilePhoto(f"lfw/{name}/{name}_{number:04}.jpg", Path()), label=name)
        for name, count in names.items()
        for number in range(1, count + 1)
    ]
    return Collection(name="faces", examples=tuple(examples))


def _file(folder: Path, text: str) -> Path:
    file = folder / "pairs.txt"
    file.write_text(text)
    return file


def test_pairs_name_the_photographs_of_the_collection(tmp_path: Path) -> None:
    found = with_pairs(_collection(), _file(tmp_path, GOOD)).pairs
    anna = "lfw/Anna/Anna_000{}.jpg".format
    bo = "lfw/Bo Li/Bo Li_000{}.jpg".format
    assert found == (
        Pair(anna(1), anna(2), True, 0),
        Pair(anna(1), bo(3), False, 0),
        Pair(bo(1), bo(3), True, 1),
        Pair(bo(1), "lfw/Cy/Cy_0001.jpg", False, 1),
    )


def test_photographs_that_no_pair_names_can_be_left_out(tmp_path: Path) -> None:
    kept = only_paired(with_pairs(_collection(), _file(tmp_path, GOOD)))
    assert {one.label for one in kept.examples} == {"Anna", "Bo Li", "Cy"}
    assert len(kept.examples) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no list of pairs as LFW's: its first line has to be `10 300`"),
        ("Anna\t1\t2\n", "no list of pairs as LFW's"),
        ("1\t2\n", "no list of pairs as LFW's"),
        ("2\t0\n", "no list of pairs as LFW's"),
        (GOOD.replace("2\t1\n", "3\t1\n", 1), "3 folds of 1 pairs of each kind are 6 lines behind the first, and .* 4"),
        (
            GOOD.replace("Anna\t1\t2\n", "Anna\t1\n"),
            r"line 2: 'Anna\\t1' is not NAME n m, two photographs of one person",
        ),
        (GOOD.replace("Anna\t1\tBo Li\t3", "Anna\t1\t3"), "line 3: .* is not NAME n OTHER m"),
        (GOOD.replace("Bo Li\t3\n", "Anna\t2\n", 1), "line 3: Anna twice where two people are wanted"),
        (GOOD.replace("Cy\t1", "Cy\t9"), r"names 1 photograph that faces lacks \(the first: Cy/Cy_0009\)"),
        (GOOD.replace("Anna", "Zoe"), r"names 2 photographs that faces lacks \(the first: Zoe/Zoe_0001\)"),
    ],
)
def test_a_file_that_is_not_as_lfw_s_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        with_pairs(_collection(), _file(tmp_path, text))


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        with_pairs(_collection(), tmp_path / "none.txt")
    (tmp_path / "pairs.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        with_pairs(_collection(), tmp_path / "pairs.txt")


@settings(deadline=None, max_examples=100)
@given(text=st.text(alphabet="0123456789 \t\nAnnaBoLi_", max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = _file(tmp_path_factory.mktemp("any"), text)
    try:
        found = with_pairs(_collection(), file)
    except UsageError as error:
        assert str(error).startswith(str(file))
    else:
        assert found.pairs
