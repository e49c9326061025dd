"""Tables as spreadsheet programs write them."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.data.table import read_columns, read_header, read_table
from mobilenets.errors import UsageError


def table(folder: Path, content: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_usual_form(tmp_path: Path, delimiter: str, end: str, encoding: str) -> None:
    lines = ["File, Label ".replace(",", delimiter), "", f'"a,;b.jpg"{delimiter} Käfer', delimiter]
    found = read_table(table(tmp_path, end.join(lines).encode(encoding)))
    assert found.columns == ("file", "label")
    assert [(row.line, row.values) for row in found.rows] == [(3, {"file": "a,;b.jpg", "label": "Käfer"})]


def test_exact_keeps_blanks_and_names_that_are_no_utf8(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, b"file,label\n \xff.jpg,a \n"), exact=True)
    assert found.rows[0].values == {"file": " \udcff.jpg", "label": "a "}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"t\.csv is empty: a header and one row a photograph are needed"),
        (b"\n\n", r"t\.csv is empty"),
        (b"file,label\na.jpg\n", r"t\.csv, line 2: 1 values for 2 columns; quote a value that holds the delimiter"),
        (b"file,label\n\na.jpg,b,c\n", r"t\.csv, line 3: 3 values for 2 columns"),
        (b"file,File\na,b\n", r"t\.csv has two columns called 'file': rename one"),
        (b"file,label\na.jpg,ok\nb.jpg,K\xe4fer\n", r"t\.csv, line 3: not UTF-8 text; save it as CSV UTF-8"),
        (b'file,label\n"' + b"x" * 140_000 + b'",b\n', r"t\.csv, line 2: field larger than field limit"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_table(table(tmp_path, content))


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file or directory"):
        read_table(tmp_path / "gone.csv")


@given(st.binary(max_size=80), st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"file,label\n"]))
def test_any_bytes_give_a_table_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, head: bytes
) -> None:
    try:
        found = read_table(table(tmp_path_factory.getbasetemp(), head + content))
    except UsageError as error:
        assert str(error)
    else:
        assert all(tuple(row.values) == found.columns for row in found.rows)


def test_columns_of_a_long_table_by_any_of_their_names(tmp_path: Path) -> None:
    found = read_columns(table(tmp_path, "\n Name;LON;x\na; 2,5 ;\n;;\nb;3;y\n\n"), (("x",), ("lng", "lon")))
    assert found.values == (["", "", "y"], [" 2,5 ", "", "3"])
    assert found.lines == [3, 4, 5]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has the columns .none.: needed are a; b or c"),
        ("a,d\n1,2\n", "has the columns a, d: needed are a; b or c"),
        ("a,b\n1,2\n1\n", "line 3: 1 values for 2 columns"),
    ],
)
def test_columns_that_are_not_there(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_columns(table(tmp_path, content), (("a",), ("b", "c")))


def test_a_header_is_read_of_whatever_follows(tmp_path: Path) -> None:
    assert read_header(table(tmp_path, b"\n File,LAT \n1,2,3\n\xff")) == ("file", "lat")
    assert read_header(table(tmp_path, "")) == ()


def test_lines_are_right_behind_values_of_several_lines(tmp_path: Path) -> None:
    found = read_columns(table(tmp_path, 'a,b\n1,"x\ny"\n\n2,z\n3,"p\r\nq\nr"\n4,t\n'), (("a",), ("b",)))
    assert found.values == (["1", "2", "3", "4"], ["x\ny", "z", "p\r\nq\nr", "t"])
    assert found.lines == [3, 5, 8, 9]
